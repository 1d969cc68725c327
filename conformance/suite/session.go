package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/weft-mesh/weft/conformance/actors"
)

// handshake bounds how long a caller may take to start.
const handshake = 10 * time.Second

// callers hands plans to callers in pods. Each actor has one, which is started when it is first asked and stays, so that
// its named connections do.
type callers struct {
	cluster *cluster

	mu   sync.Mutex
	open map[Actor]*session
}

// do has an actor make the calls of a plan.
func (c *callers) do(ctx context.Context, from Actor, plan actors.Plan) (actors.Report, error) {
	s, err := c.session(ctx, from)
	if err != nil {
		return actors.Report{}, err
	}
	report, err := s.do(ctx, plan)
	if err != nil {
		c.mu.Lock()
		delete(c.open, from)
		c.mu.Unlock()
		s.close()
		return actors.Report{}, fmt.Errorf("calls from %s: %w", from, err)
	}
	return report, nil
}

// session finds the caller of an actor, or starts one.
func (c *callers) session(ctx context.Context, from Actor) (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.open[from]; ok {
		return s, nil
	}
	var s *session
	err := poll(ctx, "a caller of "+from.String(), func(ctx context.Context) (err error) {
		s, err = c.start(ctx, from)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.open == nil {
		c.open = map[Actor]*session{}
	}
	c.open[from] = s
	return s, nil
}

// start starts a caller and sees that it answers: a command's first input can be lost on its way into a pod.
func (c *callers) start(ctx context.Context, from Actor) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	pod, err := c.cluster.pod(ctx, from)
	if err != nil {
		return nil, err
	}
	s, err := c.cluster.exec(ctx, from.Namespace, pod, binary, "call")
	if err != nil {
		return nil, fmt.Errorf("start the caller of %s: %w", from, err)
	}
	if _, err := s.do(ctx, actors.Plan{}); err != nil {
		s.close()
		return nil, fmt.Errorf("start the caller of %s: %w", from, err)
	}
	return s, nil
}

// close ends all callers.
func (c *callers) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.open {
		s.close()
	}
	c.open = nil
}

// session is a command in a pod, of which input and output stay open.
type session struct {
	mu   sync.Mutex
	in   *io.PipeWriter
	out  *json.Decoder
	stop context.CancelFunc
	// ended holds why the command ended, once done is closed.
	done  chan struct{}
	ended error
}

// exec starts a command in the actors' container of a pod, over WebSocket, or SPDY where the way there can't carry that.
func (c *cluster) exec(ctx context.Context, namespace, pod string, command ...string) (*session, error) {
	url := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	config := rest.CopyConfig(c.config)
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", url)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	executor, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return nil, err
	}
	inReader, inWriter := io.Pipe()
	outReader, outWriter := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the test that starts it; close ends it
	s := &session{in: inWriter, out: json.NewDecoder(outReader), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		var problems bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: inReader, Stdout: outWriter, Stderr: &problems})
		if err == nil {
			err = errors.New("the caller ended")
		}
		s.ended = fmt.Errorf("%w: %s", err, strings.TrimSpace(problems.String()))
		inReader.CloseWithError(s.ended)
		outWriter.CloseWithError(s.ended)
	}()
	return s, nil
}

// do sends a plan and waits for its report.
func (s *session) do(ctx context.Context, plan actors.Plan) (actors.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer context.AfterFunc(ctx, s.close)()
	var report actors.Report
	text, err := json.Marshal(plan)
	if err != nil {
		return report, err
	}
	if _, err := s.in.Write(text); err != nil {
		return report, err
	}
	if err := s.out.Decode(&report); err != nil {
		return report, err
	}
	if len(report.Outcomes) != len(plan.Calls) {
		return report, fmt.Errorf("%d outcomes of %d calls", len(report.Outcomes), len(plan.Calls))
	}
	return report, nil
}

func (s *session) close() {
	s.stop()
	_ = s.in.Close()
	<-s.done
}
