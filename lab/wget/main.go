// Command wget is as much of Alpine's as the probes of Flagger's own manifests call: it asks for a URL, throws the
// answer away, and fails where that is no success.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	flag.Bool("quiet", true, "say nothing but errors (always so)")
	flag.Bool("spider", true, "keep nothing of the answer (always so)")
	flag.Int("tries", 1, "how often to try (once, whatever is given)")
	seconds := flag.Int("timeout", 10, "how many seconds the answer may take")
	flag.Parse()
	if err := ask(flag.Arg(0), time.Duration(*seconds)*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "wget:", err)
		os.Exit(1)
	}
}

func ask(url string, timeout time.Duration) error {
	web := http.Client{Timeout: timeout}
	response, err := web.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}
