package redis

import (
	_ "embed"

	client "github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/begin.lua
	begin string
	//go:embed lua/check.lua
	check string
)

// script is one of lua/, after what all have in common. Those with leads are refused to who does not lead.
func script(text string, leads bool) write {
	return write{client.NewScript(begin + check + text), leads}
}
