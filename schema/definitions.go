package schema

import (
	"fmt"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
)

// rulebook is the schema, ready to check with. Its context is the one that an author's values are built in; both are
// dropped after a load, because a context keeps all that it ever saw.
type rulebook struct {
	ctx         *cue.Context
	policy      cue.Value
	body        cue.Value // a policy, beside which config may stand
	policyShape *shape
	config      cue.Value
	configShape *shape
	source      cue.Value
	sourceShape *shape
	sourceName  *shape
	receiver    cue.Value
	heartbeat   cue.Value
}

func newRulebook() (*rulebook, error) {
	b := &rulebook{ctx: cuecontext.New()}
	defs, err := definitions(b.ctx)
	if err != nil {
		return nil, err
	}
	b.policy = defs.LookupPath(cue.ParsePath("#Policy"))
	b.body = defs.LookupPath(cue.ParsePath("#Body"))
	b.config = defs.LookupPath(cue.ParsePath("#Config"))
	if b.policyShape, err = shapeOf(defs.LookupPath(cue.ParsePath("#PolicyShape"))); err != nil {
		return nil, err
	}
	if b.configShape, err = shapeOf(b.config); err != nil {
		return nil, err
	}
	b.receiver = defs.LookupPath(cue.ParsePath("#Receiver"))
	b.heartbeat = defs.LookupPath(cue.ParsePath("#Heartbeat"))
	b.source = defs.LookupPath(cue.ParsePath("#Source"))
	if b.sourceShape, err = shapeOf(b.source); err != nil {
		return nil, err
	}
	if b.sourceName, err = shapeOf(defs.LookupPath(cue.ParsePath("#SourceName"))); err != nil {
		return nil, err
	}
	return b, nil
}

// definitions makes a value of the schema's own files.
func definitions(ctx *cue.Context) (cue.Value, error) {
	inst := build.NewContext().NewInstance("", nil)
	inst.ImportPath = importPath
	files, err := sourceFiles()
	if err != nil {
		return cue.Value{}, err
	}
	for _, f := range files {
		syntax, err := parser.ParseFile(importPath+"/"+f.name, f.text, parser.ParseComments) // they become descriptions
		if err != nil {
			return cue.Value{}, fmt.Errorf("parse schema: %w", err)
		}
		if err := inst.AddSyntax(syntax); err != nil {
			return cue.Value{}, fmt.Errorf("read schema: %w", err)
		}
	}
	if err := inst.Complete(); err != nil {
		return cue.Value{}, fmt.Errorf("read schema: %w", err)
	}
	v := ctx.BuildInstance(inst)
	if err := v.Err(); err != nil {
		return cue.Value{}, fmt.Errorf("build schema: %w", err)
	}
	return v, nil
}
