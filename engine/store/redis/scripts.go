package redis

import (
	"embed"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
)

//go:embed lua
var lua embed.FS

// write is a script that writes.
type write struct {
	*client.Script
	leads bool  // only who leads may
	epoch int64 // that the writer has to lead with; 0: the one that it does
}

// on is the script for what was decided on a state.
func (w write) on(state engine.State) write {
	w.epoch = state.Epoch
	return w
}

// scripts are what there is in lua/.
type scripts struct {
	lead, resign         write
	record, close        write
	turn, alter, audit   write
	learn, replace       write
	post, put, delivered write
	fill, drop           write

	chunks, sizes string // these read
}

func load() scripts {
	return scripts{
		lead:      write{Script: script("begin", "lead")},
		resign:    write{Script: script("begin", "check", "resign")},
		record:    write{Script: script("begin", "check", "ledger", "record"), leads: true},
		close:     write{Script: script("begin", "check", "ledger", "close"), leads: true},
		turn:      write{Script: script("begin", "check", "ledger", "turn")},
		alter:     write{Script: script("begin", "check", "ledger", "alter")},
		audit:     write{Script: script("begin", "check", "ledger", "audit")},
		replace:   write{Script: script("begin", "replace")},
		learn:     write{Script: script("begin", "check", "learn")},
		post:      write{Script: script("begin", "check", "outbox", "post")},
		put:       write{Script: script("begin", "check", "outbox", "put")},
		delivered: write{Script: script("begin", "check", "outbox", "delivered")},
		fill:      write{Script: script("begin", "check", "fill"), leads: true},
		drop:      write{Script: script("begin", "check", "drop"), leads: true},
		chunks:    source("chunks"),
		sizes:     source("sizes"),
	}
}

// script puts one together of pieces.
func script(pieces ...string) *client.Script {
	var all string
	for _, p := range pieces {
		all += source(p) + "\n"
	}
	return client.NewScript(all)
}

func source(piece string) string {
	text, err := lua.ReadFile("lua/" + piece + ".lua")
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}
