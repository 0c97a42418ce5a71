package app

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine/setup"
	"github.com/flyball-dev/flyball/schema"
)

// runsInCompose says that the daemon that is meant here is the one in a container: nobody says where the daemon or its store are, and
// the overlay of flyball init is in this folder. In the container itself it is not. Ask it where no daemon answers.
func runsInCompose(given Options, c schema.Config) bool {
	said := given.Socket + given.Store + c.SocketPath + c.StorePath + c.Store.URL
	return said == "" && exists(setup.OverlayName)
}

// InCompose says where to give a verb, such as flyball enable, to the daemon that is meant; "": not in a container.
func (f *Offline) InCompose(verb string) string {
	if !f.inCompose {
		return ""
	}
	return inCompose(verb)
}

func inCompose(verb string) string {
	return fmt.Sprintf("flyball runs in compose here (%s): docker compose exec flyball %s", setup.OverlayName, verb)
}
