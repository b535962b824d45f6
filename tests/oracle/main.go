// Command oracle answers what Kyverno decides about resources. It holds
// Kyverno's engine in its own process, keeps policies compiled, and speaks one
// JSON object a line: requests on stdin, answers on stdout in the same order.
// README.md describes the protocol.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
)

func main() {
	workers := flag.Int("workers", 2, "loads and evaluations that run at a time")
	gogc := flag.Int("gogc", 400, "garbage collection percent; higher is faster and takes more memory")
	flag.Parse()
	debug.SetGCPercent(*gogc)

	if err := run(*workers); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(workers int) error {
	directory, err := os.MkdirTemp("", "oracle-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	if err := trust(directory); err != nil {
		return err
	}
	kyverno, err := newKyverno()
	if err != nil {
		return err
	}
	return serve(kyverno, workers, os.Stdin, os.Stdout)
}
