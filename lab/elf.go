package main

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"strings"
)

// libraryPatterns are the folders that a Debian loader searches.
var libraryPatterns = []string{"/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}

// sharedFiles lists the loader and the libraries that a dynamic binary needs, each under the path it is looked for.
func sharedFiles(binary string) (map[string]string, error) {
	files := map[string]string{}
	loader, needed, err := dynamicNeeds(binary)
	if err != nil {
		return nil, err
	}
	if loader != "" {
		if files[loader], err = filepath.EvalSymlinks(loader); err != nil {
			return nil, fmt.Errorf("find the loader of %s: %w", binary, err)
		}
	}
	seen := map[string]bool{filepath.Base(loader): true}
	for len(needed) > 0 {
		name := needed[0]
		needed = needed[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		found, real, err := findLibrary(name)
		if err != nil {
			return nil, fmt.Errorf("find what %s needs: %w", binary, err)
		}
		files[found] = real
		_, more, err := dynamicNeeds(real)
		if err != nil {
			return nil, err
		}
		needed = append(needed, more...)
	}
	return files, nil
}

// dynamicNeeds returns the loader that a binary names, and its direct libraries.
func dynamicNeeds(path string) (string, []string, error) {
	file, err := elf.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer file.Close()
	var loader string
	for _, segment := range file.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		name := make([]byte, segment.Filesz)
		if _, err := segment.ReadAt(name, 0); err != nil {
			return "", nil, fmt.Errorf("read the loader's name in %s: %w", path, err)
		}
		loader = strings.TrimRight(string(name), "\x00")
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		return "", nil, fmt.Errorf("read the libraries of %s: %w", path, err)
	}
	return loader, needed, nil
}

func findLibrary(name string) (found, real string, err error) {
	for _, pattern := range libraryPatterns {
		matches, _ := filepath.Glob(filepath.Join(pattern, name))
		for _, match := range matches {
			if real, err := filepath.EvalSymlinks(match); err == nil {
				return match, real, nil
			}
		}
	}
	return "", "", fmt.Errorf("the library %s is in none of %s", name, strings.Join(libraryPatterns, ", "))
}
