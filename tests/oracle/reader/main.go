// Command reader says what Kubernetes reads from YAML and JSON text.
//
// It takes one JSON object per line on standard input, {"name": …, "text": …} or, for bytes that
// are no text, {"name": …, "base64": …}, and answers with the same object and one more field:
//
//	"go": {
//	  "values": ["…"],   the JSON text of each document, nulls left out
//	  "errors": [...],   one message for each document that was refused
//	  "stopped": true,   a separator line was refused, so the rest was not read
//	  "unstable": true,  two readings of a document gave different values; it has none here
//	  "duplicates": true a strict reading finds a key twice
//	}
//
// A stream is cut as kubectl and the Kyverno command line cut it, by the reader of apimachinery. A
// document is read as apimachinery's ToJSON reads it: one that starts with a brace by the JSON
// decoder, and, if that refuses it or if it starts otherwise, by sigs.k8s.io/yaml. Numbers are those
// that unstructured objects hold: int64 where the JSON text is such an integer, else float64.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	jsonutil "k8s.io/apimachinery/pkg/util/json"
	apiyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type testCase struct {
	Name   string  `json:"name"`
	Text   *string `json:"text,omitempty"`
	Base64 *string `json:"base64,omitempty"`
	Go     *answer `json:"go,omitempty"`
}

type answer struct {
	Values     []string `json:"values"`
	Errors     []string `json:"errors"`
	Stopped    bool     `json:"stopped,omitempty"`
	Unstable   bool     `json:"unstable,omitempty"`
	Duplicates bool     `json:"duplicates,omitempty"`
}

// Maps are walked in random order, so a reading that depends on the order shows in a few attempts.
const attempts = 40

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var c testCase
			if err := json.Unmarshal(line, &c); err != nil {
				fmt.Fprintln(os.Stderr, "reader: not a case:", err)
				os.Exit(1)
			}
			c.Go = read(textOf(c))
			if err := encoder.Encode(c); err != nil {
				fmt.Fprintln(os.Stderr, "reader:", err)
				os.Exit(1)
			}
		}
		if err != nil {
			return
		}
	}
}

func textOf(c testCase) []byte {
	if c.Base64 != nil {
		text, err := base64.StdEncoding.DecodeString(*c.Base64)
		if err != nil {
			fmt.Fprintln(os.Stderr, "reader: not base64:", err)
			os.Exit(1)
		}
		return text
	}
	if c.Text != nil {
		return []byte(*c.Text)
	}
	return nil
}

func read(text []byte) *answer {
	a := &answer{Values: []string{}, Errors: []string{}}
	reader := apiyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return a
		}
		if err != nil {
			a.Errors = append(a.Errors, err.Error())
			a.Stopped = true
			return a
		}
		a.readDocument(document)
	}
}

func (a *answer) readDocument(document []byte) {
	if apiyaml.IsJSONBuffer(document) {
		if values, err := jsonValues(document); err == nil {
			for _, value := range values {
				a.Values = append(a.Values, string(value))
			}
			return
		}
	}
	value, err := yamlValue(document, yaml.YAMLToJSON)
	if err != nil {
		a.Errors = append(a.Errors, err.Error())
		return
	}
	for range attempts - 1 {
		again, err := yamlValue(document, yaml.YAMLToJSON)
		if err != nil || !bytes.Equal(value, again) {
			a.Unstable = true
			return
		}
	}
	if _, err := yamlValue(document, yaml.YAMLToJSONStrict); err != nil &&
		strings.Contains(err.Error(), "already set in map") {
		a.Duplicates = true
	}
	if string(value) != "null" {
		a.Values = append(a.Values, string(value))
	}
}

func jsonValues(document []byte) ([]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	var values []json.RawMessage
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return values, nil
		} else if err != nil {
			return nil, err
		}
		value, err := normal(raw)
		if err != nil {
			return nil, err
		}
		if string(value) != "null" {
			values = append(values, value)
		}
	}
}

func yamlValue(document []byte, toJSON func([]byte) ([]byte, error)) (value json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	raw, err := toJSON(document)
	if err != nil {
		return nil, err
	}
	return normal(raw)
}

// The value with the numbers that unstructured objects hold.
func normal(raw []byte) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if err := jsonutil.ConvertInterfaceNumbers(&value, 0); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return json.RawMessage(bytes.TrimSpace(out.Bytes())), nil
}
