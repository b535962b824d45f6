package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// outstanding bounds the requests that were read and not answered yet.
const outstanding = 64

// loading is a policy set that may not be compiled yet.
type loading struct {
	done chan struct{}
	set  *policySet
}

type server struct {
	kyverno *kyverno
	slots   chan struct{}       // one for each worker
	sets    map[string]*loading // touched by the reading goroutine only
}

// serve answers every line of in until it ends. Requests run concurrently, on
// at most workers goroutines; an eval waits for the load that it names.
func serve(k *kyverno, workers int, in io.Reader, out io.Writer) error {
	s := &server{kyverno: k, slots: make(chan struct{}, max(workers, 1)), sets: map[string]*loading{}}
	answers := make(chan chan response, outstanding)
	written := make(chan error, 1)
	go func() { written <- write(out, answers) }()

	reader := bufio.NewReaderSize(in, 1<<20)
	var failure error
	for failure == nil {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			reply := make(chan response, 1)
			answers <- reply
			s.dispatch(line, reply)
		}
		failure = err
	}
	close(answers)
	if err := <-written; err != nil {
		return err
	}
	if failure == io.EOF {
		return nil
	}
	return failure
}

// write puts the answers out in the order of the requests. After an error it
// keeps draining, so that nobody blocks on a reader that went away.
func write(out io.Writer, answers <-chan chan response) error {
	buffered := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	var failure error
	for reply := range answers {
		r := <-reply
		if failure == nil {
			failure = encoder.Encode(r)
		}
		if failure == nil && len(answers) == 0 { // the caller may be waiting for this one
			failure = buffered.Flush()
		}
	}
	if failure == nil {
		failure = buffered.Flush()
	}
	return failure
}

// dispatch starts a request; exactly one response reaches reply, at once or later.
func (s *server) dispatch(line []byte, reply chan<- response) {
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		reply <- response{Error: err.Error()}
		return
	}
	switch req.Op {
	case "version":
		reply <- response{Kyverno: kyvernoVersion()}
	case "keys":
		reply <- response{Keys: known()}
	case "sign":
		var r response
		for _, raw := range req.Resources {
			signed, err := signManifest(raw, req.By)
			if err != nil {
				reply <- response{Error: err.Error()}
				return
			}
			r.Signed = append(r.Signed, signed)
		}
		reply <- r
	case "load":
		l := &loading{done: make(chan struct{})}
		s.sets[req.ID] = l
		go func() {
			s.work(func() {
				defer close(l.done)
				var r response
				l.set, r = s.kyverno.load(&req)
				reply <- r
			})
		}()
	case "unload":
		delete(s.sets, req.ID)
		reply <- response{}
	case "eval":
		l := s.sets[req.ID]
		if l == nil {
			reply <- response{Error: fmt.Sprintf("no policy set %q", req.ID)}
			return
		}
		if err := req.check(); err != nil {
			reply <- response{Error: err.Error()}
			return
		}
		go func() {
			<-l.done
			answers := each(s, len(req.Resources), func(i int) answer { return s.kyverno.evaluate(l.set, &req, i) })
			reply <- response{Answers: answers}
		}()
	case "admit":
		go func() {
			answers := each(s, len(req.Resources), func(i int) answer { return s.kyverno.admit(req.Resources[i]) })
			reply <- response{Answers: answers}
		}()
	case "jmespath":
		go func() {
			reply <- response{Found: each(s, len(req.Queries), func(i int) found { return s.kyverno.search(req.Queries[i]) })}
		}()
	default:
		reply <- response{Error: fmt.Sprintf("unknown op %q", req.Op)}
	}
}

// check refuses what would otherwise be answered as something else.
func (r *request) check() error {
	switch r.Operation {
	case "":
		r.Operation = "CREATE"
	case "CREATE", "UPDATE", "DELETE":
	default:
		return fmt.Errorf("unknown operation %q", r.Operation)
	}
	if r.Numbers != "" && r.Numbers != "float64" && r.Numbers != "int64" {
		return fmt.Errorf("unknown numbers %q", r.Numbers)
	}
	if n := len(r.OldResources); n > 0 && n != len(r.Resources) {
		return fmt.Errorf("%d oldResources for %d resources", n, len(r.Resources))
	}
	return nil
}

// each computes n answers on the workers.
func each[T any](s *server, n int, compute func(int) T) []T {
	answers := make([]T, n)
	var all sync.WaitGroup
	// A few chunks a worker: enough to share the load, few enough to stay cheap.
	chunk := max(1, n/(4*cap(s.slots)))
	for from := 0; from < n; from += chunk {
		all.Add(1)
		go func() {
			defer all.Done()
			s.work(func() {
				for i := from; i < min(from+chunk, n); i++ {
					answers[i] = compute(i)
				}
			})
		}()
	}
	all.Wait()
	return answers
}

func (s *server) work(do func()) {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	do()
}
