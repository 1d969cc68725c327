// Package adapter describes a mesh under test: all that the suite has to know of it and can't ask the cluster.
//
// An adapter is a YAML file, read strictly: a field that does not exist is an error that names it, for a misspelt setting
// would else be a silent default. It owns the file's format, its defaults and its checks. The suite applies what it says;
// the report copies who made the mesh.
package adapter
