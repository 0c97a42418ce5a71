package schema

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// importer finds the packages that an author's CUE imports: the schema, which comes with flyball; packages of the
// author's own module; and those vendored under its cue.mod. It never asks a network.
type importer struct {
	folder  string
	strict  bool // the schema itself instead of the stand-in
	context *build.Context
	within  []string // the imports that are being loaded, each by the one before
	schema  bool     // whether the schema was asked for
	read    []file   // the files of the other packages
}

// load is called by CUE for each import; nil leaves the import to CUE, which knows its standard library.
func (i *importer) load(pos token.Pos, path string) *build.Instance {
	path, pkg, _ := strings.Cut(path, ":")
	path, _, _ = strings.Cut(path, "@")
	if pkg == "" {
		pkg = path[strings.LastIndexByte(path, '/')+1:]
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return nil
	}
	inst := i.context.NewInstance(path, i.load)
	if slices.Contains(i.within, path) {
		inst.Err = errors.Newf(pos, "import %q leads back to itself", path)
		return inst
	}
	i.within = append(i.within, path)
	defer func() { i.within = i.within[:len(i.within)-1] }()
	if path == importPath {
		i.schema = true
		inst.Err = i.addSchema(inst)
	} else {
		inst.Err = i.addPackage(inst, pos, path, pkg)
	}
	if inst.Err == nil {
		if err := inst.Complete(); err != nil {
			inst.Err = errors.Promote(err, "import "+path)
		}
	}
	return inst
}

func (i *importer) addSchema(inst *build.Instance) errors.Error {
	files, err := sourceFiles()
	if err != nil {
		return errors.Promote(err, "read schema")
	}
	for _, f := range files {
		syntax, err := parser.ParseFile(importPath+"/"+f.name, f.text)
		if err != nil {
			return errors.Promote(err, "parse schema")
		}
		if !i.strict {
			syntax = standIn(syntax)
		}
		if err := inst.AddSyntax(syntax); err != nil {
			return err
		}
	}
	return nil
}

// standIn keeps the names that a file of the schema defines, and lets each be anything.
func standIn(f *ast.File) *ast.File {
	open := &ast.File{Filename: f.Filename, Decls: []ast.Decl{&ast.Package{Name: ast.NewIdent("schema")}}}
	for _, d := range f.Decls {
		if field, ok := d.(*ast.Field); ok {
			if name, ok := field.Label.(*ast.Ident); ok {
				var anything ast.Expr = ast.NewIdent("_")
				if _, ok := field.Value.(*ast.StructLit); ok {
					anything = ast.NewStruct(&ast.Ellipsis{}) // a definition closes what it meets unless it is open itself
				}
				open.Decls = append(open.Decls, &ast.Field{Label: ast.NewIdent(name.Name), Value: anything})
			}
		}
	}
	return open
}

func (i *importer) addPackage(inst *build.Instance, pos token.Pos, path, pkg string) errors.Error {
	for _, dir := range i.candidates(path) {
		names, _ := filepath.Glob(filepath.Join(dir, "*.cue"))
		slices.Sort(names)
		for _, name := range names {
			if elsewhere(filepath.Base(name)) || strings.HasPrefix(filepath.Base(name), ".") {
				continue
			}
			text, err := readFile(name)
			if err != nil {
				return errors.Newf(pos, "import %q: %s %s", path, name, reason(err))
			}
			if p := cmp.Or(screen(name, text), screenCUE(name, text)); p != nil {
				return errors.Newf(pos, "import %q: %s", path, p)
			}
			syntax, err := parser.ParseFile(name, text)
			if err != nil {
				return errors.Promote(err, "import "+path)
			}
			if syntax.PackageName() != pkg {
				continue
			}
			if err := inst.AddSyntax(syntax); err != nil {
				return err
			}
			i.read = append(i.read, file{path: name, kind: cueFile, text: text})
		}
		if len(inst.Files) > 0 {
			return nil
		}
	}
	return errors.Newf(pos, "import %q is not found; allowed: %s, CUE's own packages, packages of this module, and those "+
		"vendored under cue.mod/pkg (nothing is downloaded)", path, importPath)
}

// candidates are the folders that may hold a package, as CUE lays modules out.
func (i *importer) candidates(path string) []string {
	root, module := moduleOf(i.folder)
	if root == "" {
		return nil
	}
	var dirs []string
	if rest, ok := strings.CutPrefix(path, module); ok && module != "" && (rest == "" || rest[0] == '/') {
		dirs = append(dirs, filepath.Join(root, filepath.FromSlash(rest)))
	}
	for _, kind := range []string{"pkg", "gen", "usr"} {
		dirs = append(dirs, filepath.Join(root, "cue.mod", kind, filepath.FromSlash(path)))
	}
	return dirs
}

// moduleOf finds the module that a folder belongs to: its root, and its path without a version.
func moduleOf(folder string) (root, module string) {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return "", ""
	}
	for {
		if syntax, err := parser.ParseFile(filepath.Join(dir, "cue.mod", "module.cue"), nil); err == nil {
			return dir, modulePath(syntax)
		} else if _, err := os.Stat(filepath.Join(dir, "cue.mod")); err == nil {
			return dir, ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ""
		}
		dir = parent
	}
}

func modulePath(f *ast.File) string {
	for _, d := range f.Decls {
		field, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		name, _, _ := ast.LabelName(field.Label)
		if value, ok := field.Value.(*ast.BasicLit); ok && name == "module" {
			path, _, _ := strings.Cut(strings.Trim(value.Value, `"`), "@")
			return path
		}
	}
	return ""
}
