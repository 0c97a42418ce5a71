package setup

import "strings"

// Words are texts as the words of a command, to copy into a shell.
func Words(texts ...string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = shell(text)
	}
	return strings.Join(quoted, " ")
}
