package app

import (
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/redis"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
	"github.com/flyball-dev/flyball/schema"
)

// openStore opens the store of the options: a file, or a Redis where its address is a URL.
func openStore(o Options, readOnly bool) (store.Store, error) {
	if scheme, _, is := strings.Cut(o.Store, "://"); is && !shared(o.Store) {
		return nil, fmt.Errorf("open the store: its address begins with %s://; allowed is the path of a file, or redis://, rediss://, redis+sentinel:// "+
			"and the like", scheme)
	}
	if !shared(o.Store) {
		return sqlite.Open(o.Store, sqlite.Options{
			ReadOnly: readOnly, Ballast: o.runs, Log: o.Log,
			KeepSamples: days(o.sampleDays), KeepRollups: days(o.rollupDays), KeepAudit: days(o.auditDays),
		})
	}
	username, password, err := o.storeUser()
	if err != nil {
		return nil, err
	}
	return redis.Open(redis.Options{
		URL: o.Store, Username: username, Password: password, ReadOnly: readOnly, Log: o.Log,
		KeepSamples: days(o.sampleDays), KeepRollups: days(o.rollupDays), KeepAudit: days(o.auditDays),
	})
}

// shared says that an address is that of a Redis, which several daemons may share.
func shared(address string) bool {
	scheme, _, is := strings.Cut(address, "://")
	return is && strings.HasPrefix(scheme, "redis")
}

// storeUser is who flyball is at a Redis: as the config says, or the environment.
func (o Options) storeUser() (username, password string, err error) {
	env := o.env()
	if o.storeAt.Password == (schema.Secret{}) {
		return env("AUTOSCALING_STORE_USERNAME"), env("AUTOSCALING_STORE_PASSWORD"), nil
	}
	if password, err = secret(o.storeAt.Password, env); err != nil {
		return "", "", fmt.Errorf("config.store.password: %w", err)
	}
	return o.storeAt.Username, password, nil
}
