package schema

import (
	"path/filepath"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/flyball-dev/flyball/engine"
)

// unit is the CUE files of one folder that share a package: they merge.
type unit struct {
	folder string
	files  []file
}

// units groups CUE files, in the order of their first file. Files without a package of one folder are a unit too.
func units(files []file) ([]unit, []engine.Problem) {
	type key struct{ folder, pkg string }
	place := map[key]int{}
	var groups []unit
	var problems []engine.Problem
	broken := map[key]bool{}
	for _, f := range files {
		if p := screenCUE(f.path, f.text); p != nil {
			problems = append(problems, *p)
			continue
		}
		syntax, err := parser.ParseFile(f.path, f.text, parser.AllErrors)
		k := key{folder: filepath.Dir(f.path)}
		if syntax != nil {
			k.pkg = syntax.PackageName()
		}
		if err != nil {
			problems = append(problems, syntaxProblems(f.path, err)...)
			broken[k] = true // what the others of the unit refer to may be in this one
		}
		i, ok := place[k]
		if !ok {
			i = len(groups)
			place[k] = i
			groups = append(groups, unit{folder: k.folder})
		}
		groups[i].files = append(groups[i].files, f)
	}
	whole := groups[:0]
	for k, i := range place {
		if broken[k] {
			groups[i].files = nil
		}
	}
	for _, g := range groups {
		if len(g.files) > 0 {
			whole = append(whole, g)
		}
	}
	return whole, problems
}

// build makes a value of a unit's files. What they import of the schema is a stand-in that allows everything, so that
// the author's value is what the author wrote and each mistake in it is found by flyball's own checks. Where the
// stand-in does not do, because the author uses one of the schema's defaults, the schema itself takes its place.
func (b *rulebook) build(u unit) (cue.Value, []file, []engine.Problem) {
	loose := importer{folder: u.folder}
	v, problems := b.buildWith(&loose, u)
	if !loose.schema || len(problems) > 0 || v.Validate(cue.Concrete(true)) == nil {
		return v, loose.read, problems
	}
	strict := importer{folder: u.folder, strict: true}
	if exact, found := b.buildWith(&strict, u); len(found) == 0 && exact.Validate(cue.Concrete(true)) == nil {
		return exact, strict.read, nil
	}
	return v, loose.read, problems
}

func (b *rulebook) buildWith(imports *importer, u unit) (cue.Value, []engine.Problem) {
	imports.context = build.NewContext(build.Loader(imports.load))
	inst := imports.context.NewInstance(u.folder, imports.load)
	for _, f := range u.files {
		syntax, err := parser.ParseFile(f.path, f.text)
		if err == nil {
			err = inst.AddSyntax(syntax)
		}
		if err != nil {
			return cue.Value{}, syntaxProblems(f.path, err)
		}
	}
	if err := inst.Complete(); err != nil {
		return cue.Value{}, syntaxProblems(u.files[0].path, err)
	}
	v := b.ctx.BuildInstance(inst)
	if _, err := v.Fields(); err != nil {
		return v, syntaxProblems(u.files[0].path, v.Err())
	}
	return v, nil
}

// syntaxProblems reports what CUE says before there is a value to check.
func syntaxProblems(path string, err error) []engine.Problem {
	var problems []engine.Problem
	for _, e := range errors.Errors(err) {
		at, _ := errorPlace(e)
		if !at.IsValid() {
			at.Filename = path
		}
		problems = append(problems, engine.Problem{File: at.Filename, Line: at.Line, Column: at.Column, Message: plainly(e)})
	}
	// One slip of the pen makes a parser complain about all that follows: the first complaint of a line is enough.
	return slices.CompactFunc(arrange(problems), func(a, b engine.Problem) bool { return a.File == b.File && a.Line == b.Line })
}
