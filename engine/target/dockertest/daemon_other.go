//go:build !linux

package dockertest

func startDaemon() (daemon, error) {
	return nil, missing("no Docker engine for live tests: one of our own takes Linux; name a running one in FLYBALL_TEST_DOCKER_HOST")
}
