package redis

import (
	"embed"

	client "github.com/redis/go-redis/v9"
)

//go:embed lua
var lua embed.FS

// write is a script that writes.
type write struct {
	*client.Script
	leads bool // only who leads may
}

// scripts are what there is in lua/.
type scripts struct {
	lead, resign         write
	record, close        write
	turn, audit          write
	learn, replace       write
	post, put, delivered write
	fill, drop           write

	chunks, sizes string // these read
}

func load() scripts {
	return scripts{
		lead:      write{script("begin", "lead"), false},
		resign:    write{script("begin", "check", "resign"), false},
		record:    write{script("begin", "check", "ledger", "record"), true},
		close:     write{script("begin", "check", "ledger", "close"), true},
		turn:      write{script("begin", "check", "ledger", "turn"), false},
		audit:     write{script("begin", "check", "ledger", "audit"), false},
		replace:   write{script("begin", "replace"), false},
		learn:     write{script("begin", "check", "learn"), false},
		post:      write{script("begin", "check", "outbox", "post"), false},
		put:       write{script("begin", "check", "outbox", "put"), false},
		delivered: write{script("begin", "check", "outbox", "delivered"), false},
		fill:      write{script("begin", "check", "fill"), true},
		drop:      write{script("begin", "check", "drop"), true},
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
