//go:build !linux

package main

import (
	"errors"
	"net"
)

func ignoreNew(net.Listener) error { return errors.New("only Linux can leave them waiting") }
