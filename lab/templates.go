package main

import (
	"embed"
	"fmt"
	"os"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.tmpl"))

// writeTemplate renders one of templates/ into a file.
func writeTemplate(path, name string, values any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := templates.ExecuteTemplate(file, name, values); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return file.Close()
}
