package main

import (
	"errors"
	"fmt"
	"os"
)

// clean removes all that the lab has built, in every checkout.
func clean(l layout) error {
	running, err := listClusters()
	if err != nil {
		return err
	}
	for _, c := range running {
		err = errors.Join(err, fmt.Errorf("cluster %s is running; end it first", c.Name))
	}
	if err != nil {
		return err
	}
	for _, dir := range []string{l.bin(), l.images(), l.stamps(), l.stores(), l.checkouts()} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what the lab has built: %w", err)
		}
	}
	return nil
}
