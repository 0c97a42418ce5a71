package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// readPassword asks for a password twice, without showing it; where nobody sits at a terminal it is the first line of standard
// input, or of a file.
func readPassword(cmd *cobra.Command, file string) (string, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	}
	in, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(in.Fd())) {
		return firstLine(cmd.InOrStdin())
	}
	one, err := prompt(cmd, in, "Password: ")
	if err != nil {
		return "", err
	}
	two, err := prompt(cmd, in, "The same again: ")
	if err != nil {
		return "", err
	}
	if one != two {
		return "", coded{exitNo, errors.New("the two passwords differ; nothing was changed")}
	}
	return one, nil
}

// prompt asks once. A signal in the middle of it must not leave a terminal that shows nothing.
func prompt(cmd *cobra.Command, in *os.File, text string) (string, error) {
	fmt.Fprint(cmd.ErrOrStderr(), text)
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := term.ReadPassword(int(in.Fd()))
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		fmt.Fprintln(cmd.ErrOrStderr())
		if r.err != nil {
			return "", fmt.Errorf("read the password: %w", r.err)
		}
		return string(r.text), nil
	case <-cmd.Context().Done():
		fmt.Fprintln(cmd.ErrOrStderr())
		return "", errors.Join(coded{exitNo, errors.New("stopped; nothing was changed")}, term.Restore(int(in.Fd()), before))
	}
}

func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 64<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", coded{exitUsage, errors.New("there is no password: give it at a terminal, on the first line of standard input, or in --password-file")}
	}
	return line, nil
}
