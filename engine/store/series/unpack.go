package series

import (
	"log/slog"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

// unpacker reads chunks. One that is damaged it tells the log, and reads as empty.
type unpacker struct {
	log     *slog.Logger
	decoder chunk.Decoder
}

func (u *unpacker) points(who ID, data []byte) []engine.Point {
	points, err := u.decoder.Decode(data)
	u.tell(who, err)
	return points
}

func (u *unpacker) rollups(who ID, data []byte) []engine.Rollup {
	rollups, err := u.decoder.DecodeRollups(data)
	u.tell(who, err)
	return rollups
}

func (u *unpacker) tell(who ID, err error) {
	if err != nil {
		u.log.Warn("damaged samples skipped",
			"subject", who.Subject, "metric", who.Metric, "replica", who.Replica, "error", err)
	}
}
