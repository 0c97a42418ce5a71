package series

import "time"

// idle is after how long without a new sample a series has ended, as that of a replica that is gone.
const idle = day

// Retention is how long samples are kept, and their rollups.
type Retention struct{ Samples, Rollups time.Duration }

// Limits are times before which something is over, in milliseconds since 1970.
type Limits struct {
	Idle    int64 // a series whose open chunk ends before has ended
	Samples int64 // a full chunk that ends before is dropped
	Days    int64 // a day of rollups that begins before is dropped
}

// At counts from now, or from the newest sample that is written where that is older: a clock that is ahead wipes nothing
// before it has written a sample, and a history without new samples is left as it is.
func (r Retention) At(now, newest time.Time) Limits {
	from := now
	if newest.Before(now) {
		from = newest
	}
	return Limits{
		Idle:    from.Add(-min(idle, r.Samples)).UnixMilli(),
		Samples: from.Add(-r.Samples).UnixMilli(),
		Days:    from.Add(-r.Rollups - day).UnixMilli(),
	}
}
