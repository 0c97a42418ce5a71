package setup

import (
	"strconv"
	"strings"
)

// image is what can be known of an image without having it.
type image struct {
	name    string // of the image itself or, where it is built, of the one that its last stage goes back to; "": nobody knows
	built   bool   // from a Dockerfile
	checked bool   // the Dockerfile has a HEALTHCHECK
	port    int    // that it says it listens on, TCP; 0: none
	command string // ENTRYPOINT and CMD, as written
}

// stage is a FROM of a Dockerfile and what follows it.
type stage struct {
	image
	entrypoint, cmd string
}

// scan reads the stage of a Dockerfile that is built: the one called target or, without, the last. It is no parser of all that
// may stand there: what it does not know it passes over.
func scan(text, target string, args map[string]string) image {
	vars := map[string]string{}
	stages := map[string]stage{}
	var now stage
	var name string
	for _, line := range instructions(text) {
		word, rest := cut(line)
		if flags := word == "FROM" || word == "HEALTHCHECK"; flags {
			for strings.HasPrefix(rest, "--") {
				_, rest = cut(rest)
			}
		}
		switch word {
		case "ARG":
			for _, arg := range strings.Fields(rest) {
				key, value, _ := strings.Cut(arg, "=")
				if given, ok := args[key]; ok {
					value = given
				}
				vars[key] = expand(strings.Trim(value, `"'`), vars)
			}
		case "FROM":
			if name != "" && target != "" && strings.EqualFold(name, target) {
				return now.done()
			}
			fields := strings.Fields(rest)
			if len(fields) == 0 {
				continue
			}
			from := expand(fields[0], vars)
			before, known := stages[strings.ToLower(from)]
			if !known {
				before = stage{image: image{name: from, built: true}}
			}
			now, name = before, strconv.Itoa(len(stages))
			if len(fields) == 3 && strings.EqualFold(fields[1], "AS") {
				name = fields[2]
			}
		case "HEALTHCHECK":
			now.checked = !strings.EqualFold(strings.TrimSpace(rest), "NONE")
		case "EXPOSE":
			for _, port := range strings.Fields(expand(rest, vars)) {
				number, protocol, _ := strings.Cut(port, "/")
				if n, err := strconv.Atoi(number); err == nil && n > 0 && n < 1<<16 && now.port == 0 && (protocol == "" || strings.EqualFold(protocol, "tcp")) {
					now.port = n
				}
			}
		case "ENTRYPOINT":
			now.entrypoint, now.cmd = rest, ""
		case "CMD":
			now.cmd = rest
		}
		if name != "" {
			stages[strings.ToLower(name)] = now
		}
	}
	return now.done()
}

func (s stage) done() image {
	s.built = true
	s.command = strings.TrimSpace(s.entrypoint + " " + s.cmd)
	return s.image
}

// instructions are the lines of a Dockerfile, joined where they go on, without comments and here-documents.
func instructions(text string) []string {
	var all []string
	var line strings.Builder
	escape, end := `\`, ""
	for i, raw := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		trimmed := strings.TrimSpace(raw)
		if end != "" {
			if trimmed == end {
				end = ""
			}
			continue
		}
		if strings.HasPrefix(trimmed, "#") {
			if key, value, ok := strings.Cut(strings.TrimSpace(trimmed[1:]), "="); i < 5 && ok && strings.EqualFold(strings.TrimSpace(key), "escape") && strings.TrimSpace(value) == "`" {
				escape = "`"
			}
			continue
		}
		if trimmed == "" {
			continue
		}
		part, more := strings.CutSuffix(trimmed, escape)
		line.WriteString(part)
		if more {
			line.WriteByte(' ')
			continue
		}
		whole := line.String()
		line.Reset()
		all = append(all, whole)
		end = heredoc(whole)
	}
	if line.Len() > 0 {
		all = append(all, line.String())
	}
	return all
}

// heredoc is the word that ends the here-document that an instruction begins; "": none.
func heredoc(line string) string {
	word, rest := cut(line)
	if word != "RUN" && word != "COPY" && word != "ADD" {
		return ""
	}
	_, after, found := strings.Cut(rest, "<<")
	if !found || strings.HasPrefix(after, "<") {
		return ""
	}
	fields := strings.Fields(strings.TrimPrefix(after, "-"))
	if len(fields) == 0 {
		return ""
	}
	return strings.Trim(fields[0], `"'`)
}

// cut takes the first word off, in capitals.
func cut(line string) (word, rest string) {
	line = strings.TrimSpace(line)
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return strings.ToUpper(line), ""
	}
	return strings.ToUpper(line[:i]), strings.TrimSpace(line[i:])
}

// expand puts values of ARG in: $NAME, ${NAME} and ${NAME:-default}. A name without a value leaves nothing. The
// end is cut off where values in values have grown beyond what an image's name can be.
func expand(text string, vars map[string]string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found || out.Len() > 4096 {
			return out.String()[:min(out.Len(), 4096)]
		}
		if inner, ok := strings.CutPrefix(after, "{"); ok {
			name, rest, _ := strings.Cut(inner, "}")
			name, fallback, _ := strings.Cut(name, ":-")
			if value := vars[name]; value != "" {
				fallback = value
			}
			out.WriteString(fallback)
			text = rest
			continue
		}
		end := strings.IndexFunc(after, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		})
		if end < 0 {
			end = len(after)
		}
		out.WriteString(vars[after[:end]])
		text = after[end:]
	}
}
