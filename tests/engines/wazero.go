// wazero.go - wazero as an engine, over the protocol of edge/engine/engine_process.h on standard input and output: for who has a
// checkout of it (ENGINE_WAZERO=DIR, mk/tests.mk). It knows Wasm and the protocol, nothing of what an import means.
//
//	wazero            the optimizing compiler, where there is one for the machine
//	wazero interpret  the interpreter
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// message is one of the edge's: a tag, then fields.
type message struct {
	tag  byte
	rest []byte
}

func (m *message) number() int64 {
	n := int64(binary.LittleEndian.Uint64(m.rest))
	m.rest = m.rest[8:]
	return n
}

func (m *message) bytes() []byte {
	size := binary.LittleEndian.Uint32(m.rest)
	b := m.rest[4 : 4+size]
	m.rest = m.rest[4+size:]
	return b
}

type engine struct {
	in       *bufio.Reader
	out      *bufio.Writer
	runtime  wazero.Runtime
	instance api.Module
}

// receive reads a message; the program ends with the input.
func (e *engine) receive() message {
	var head [4]byte
	if _, err := io.ReadFull(e.in, head[:]); err != nil {
		os.Exit(0)
	}
	body := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(e.in, body); err != nil {
		os.Exit(0)
	}
	return message{body[0], body[1:]}
}

// send writes a message; fields are int64 and []byte.
func (e *engine) send(tag byte, fields ...any) {
	body := []byte{0, 0, 0, 0, tag}
	for _, field := range fields {
		switch f := field.(type) {
		case int64:
			body = binary.LittleEndian.AppendUint64(body, uint64(f))
		case []byte:
			body = binary.LittleEndian.AppendUint32(body, uint32(len(f)))
			body = append(body, f...)
		}
	}
	binary.LittleEndian.PutUint32(body, uint32(len(body)-4))
	if _, err := e.out.Write(body); err != nil {
		os.Exit(1)
	}
	if err := e.out.Flush(); err != nil {
		os.Exit(1)
	}
}

// serve makes the function that the flare calls for import number `index`; `params` as abi.def has them.
func (e *engine) serve(index int64, result, params string) api.GoModuleFunc {
	if params == "NONE" {
		params = ""
	}
	return func(ctx context.Context, module api.Module, stack []uint64) {
		fields, at := []any{index}, 0
		for _, kind := range params {
			switch kind {
			case 'B':
				data, ok := module.Memory().Read(uint32(stack[at]), uint32(stack[at+1]))
				if !ok && uint32(stack[at+1]) > 0 {
					panic(errors.New("access outside of memory"))
				}
				fields = append(fields, data)
				at += 2
			case 'N':
				fields = append(fields, int64(int32(stack[at])))
				at++
			default:
				fields = append(fields, int64(stack[at]))
				at++
			}
		}
		e.send('I', fields...)
		if result == "VOID" {
			return
		}
		answer := e.receive()
		present, data, number := answer.number() != 0, answer.bytes(), answer.number()
		stack[0] = 0
		if result == "I32" {
			stack[0] = api.EncodeI32(int32(number))
		} else if present && len(data) > 0 {
			given, err := module.ExportedFunction("alloc").Call(ctx, uint64(len(data)))
			if err != nil {
				panic(err)
			}
			if to := uint32(given[0]); to != 0 && module.Memory().Write(to, data) {
				stack[0] = uint64(to)<<32 | uint64(len(data))
			}
		}
	}
}

// open makes an instance of the flare in a message 'O'.
func (e *engine) open(ctx context.Context, m message) error {
	host := e.runtime.NewHostModuleBuilder("flaron/v1")
	for i, count := int64(0), m.number(); i < count; i++ {
		name, result, params := string(m.bytes()), string(m.bytes()), string(m.bytes())
		var types, results []api.ValueType
		for _, kind := range strings.TrimPrefix(params, "NONE") {
			switch kind {
			case 'B':
				types = append(types, api.ValueTypeI32, api.ValueTypeI32)
			case 'N':
				types = append(types, api.ValueTypeI32)
			default:
				types = append(types, api.ValueTypeI64)
			}
		}
		switch result {
		case "I32":
			results = []api.ValueType{api.ValueTypeI32}
		case "PACKED":
			results = []api.ValueType{api.ValueTypeI64}
		}
		host.NewFunctionBuilder().WithGoModuleFunction(e.serve(i, result, params), types, results).Export(name)
	}
	if _, err := host.Instantiate(ctx); err != nil {
		return err
	}
	var err error
	e.instance, err = e.runtime.Instantiate(ctx, m.bytes())
	return err
}

// call runs an export and gives its result.
func (e *engine) call(ctx context.Context, name string) (int64, error) {
	results, err := e.instance.ExportedFunction(name).Call(ctx)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	if e.instance.ExportedFunction(name).Definition().ResultTypes()[0] == api.ValueTypeI32 {
		return int64(int32(results[0])), nil
	}
	return int64(results[0]), nil
}

func main() {
	ctx := context.Background()
	config := wazero.NewRuntimeConfig()
	if len(os.Args) == 2 && os.Args[1] == "interpret" {
		config = wazero.NewRuntimeConfigInterpreter()
	} else if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: wazero [interpret]")
		os.Exit(2)
	}
	e := &engine{in: bufio.NewReader(os.Stdin), out: bufio.NewWriter(os.Stdout), runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	for {
		m := e.receive()
		result, err := int64(0), error(nil)
		if m.tag == 'O' {
			err = e.open(ctx, m)
		} else {
			result, err = e.call(ctx, string(m.bytes()))
		}
		if err != nil {
			e.send('E', []byte(strings.SplitN(err.Error(), "\n", 2)[0]))
		} else {
			e.send('R', result, int64(e.instance.Memory().Size()))
		}
	}
}
