// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	return compiler.Compile(os.Getenv("SCHEMA"))
})

// readJSON reads documents, each of which must be valid, with numbers in full.
func readJSON(t *testing.T, m mode, output string) *reading {
	t.Helper()
	r := newReading()
	documents := readDocuments(t, output)
	if m.subject != connections && len(documents) != 1 {
		t.Fatalf("%d documents", len(documents))
	}
	for _, document := range documents {
		r.sayDocument(m, document)
	}
	return r
}

// readDocuments reads documents that follow one another, and holds them against the schema.
func readDocuments(t *testing.T, output string) (documents []map[string]any) {
	t.Helper()
	schema, err := schema()
	must(t, err)
	decoder := json.NewDecoder(strings.NewReader(output))
	decoder.UseNumber()
	for {
		var document map[string]any
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return documents
		} else if err != nil {
			t.Fatalf("document %d: %v", len(documents)+1, err)
		}
		if err := schema.Validate(document); err != nil {
			t.Fatalf("document %d: %v", len(documents)+1, err)
		}
		documents = append(documents, document)
	}
}

func (r *reading) sayDocument(m mode, document map[string]any) {
	switch m.subject {
	case timeouts:
		r.sayFields("", "", "", document)
	case daemons:
		for _, d := range objects(document["daemons"]) {
			r.begin(text(d["state"]), "")
			r.sayFields(text(d["state"]), "", "", d)
		}
	case connections:
		id := fmt.Sprintf("%s %s %s %s", text(document["protocol"]), end(document["client"]), end(document["virtual"]),
			end(document["destination"]))
		r.begin(id, "")
		r.sayFields(id, "", "", document)
	default:
		for _, name := range []string{"version", "connection_table_size"} {
			if value, ok := document[name]; ok {
				r.say("", "", name, text(value))
			}
		}
		if document["connection_table_max_size"] != nil && document["connection_table_size"] == nil {
			r.say("", "", "connection_table_size", "0") // from Linux 7.1 on, before the first service
		}
		for _, s := range objects(document["services"]) {
			r.sayService(s)
		}
	}
}

func (r *reading) sayService(s map[string]any) {
	id := text(s["protocol"]) + " " + end(s)
	if mark, ok := s["fwmark"]; ok {
		id = strings.TrimSuffix("FWM "+text(mark)+" "+text(s["family"]), " IPv4")
	}
	r.begin(id, "")
	destinations := objects(s["destinations"])
	delete(s, "destinations")
	r.sayFields(id, "", "", s)
	for _, d := range destinations {
		r.begin(id, end(d))
		r.sayFields(id, end(d), "", d)
	}
}

// sayFields notes the fields of an object, those of objects in it as "stats.connections", and lists with commas.
func (r *reading) sayFields(object, destination, prefix string, fields map[string]any) {
	for name, value := range fields {
		switch value := value.(type) {
		case map[string]any:
			r.sayFields(object, destination, prefix+name+".", value)
		case []any:
			var words []string
			for _, word := range value {
				words = append(words, text(word))
			}
			r.say(object, destination, prefix+name, strings.Join(words, ","))
		default:
			r.say(object, destination, prefix+name, text(value))
		}
	}
}

func objects(value any) (all []map[string]any) {
	list, _ := value.([]any)
	for _, element := range list {
		object, _ := element.(map[string]any)
		all = append(all, object)
	}
	return all
}

// end is an address with its port, as netip writes it.
func end(value any) string {
	object, _ := value.(map[string]any)
	addr, _ := netip.ParseAddr(text(object["address"]))
	var port uint16
	_, _ = fmt.Sscan(text(object["port"]), &port)
	return netip.AddrPortFrom(addr, port).String()
}

func text(value any) string { return fmt.Sprint(value) }
