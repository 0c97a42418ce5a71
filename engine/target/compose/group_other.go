//go:build !unix

package compose

import "os/exec"

// ownGroup: there are no process groups here, so that the compose plugin may outlive the docker command.
func ownGroup(*exec.Cmd) {}
