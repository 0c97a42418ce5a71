// Package dashboard is the web client of the API. Its pages are TypeScript, in src; make dashboard builds them into dist, which
// goes into the program. Without them every path says how to build them.
package dashboard

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var built embed.FS

// paths are those of the pages and of what they are made of, as http.ServeMux has them. A page finds out by itself what it is to
// show.
var paths = []string{
	"/{$}", "/login", "/services/{name}", "/why/{kind}/{id}", "/policies", "/policies/{name}", "/events", "/audit",
	"/favicon.svg", "/assets/{file}",
}

// policy has a browser run and show what comes from here, and nothing that stands in a page or is made by a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Pages are what make dashboard built; nil: this program was built without.
func Pages() fs.FS {
	pages, err := fs.Sub(built, "dist")
	if err != nil || !there(pages, "index.html") {
		return nil
	}
	return pages
}

// Serve adds the dashboard, of these pages. Without any, each path says how to build them.
func Serve(mux *http.ServeMux, pages fs.FS) {
	for _, p := range paths {
		if pages == nil {
			mux.HandleFunc("GET "+p, unbuilt)
			continue
		}
		mux.HandleFunc("GET "+p, func(w http.ResponseWriter, r *http.Request) { answer(w, r, pages) })
	}
}

// answer sends a file of the dashboard, or else its page. What has a name by its content never changes.
func answer(w http.ResponseWriter, r *http.Request, pages fs.FS) {
	name, age := "index.html", "no-cache"
	switch {
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		name, age = path.Join("assets", r.PathValue("file")), "public, max-age=31536000, immutable"
	case r.URL.Path == "/favicon.svg":
		name, age = "favicon.svg", "public, max-age=86400"
	}
	if !there(pages, name) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("This file is of another version of flyball: load the page again.\n")) // the caller is gone
		return
	}
	w.Header().Set("Cache-Control", age)
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	if packed := name + ".gz"; strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && there(pages, packed) {
		w.Header().Set("Content-Encoding", "gzip")
		name = packed
	}
	w.Header().Set("Vary", "Accept-Encoding")
	http.ServeFileFS(w, r, pages, name)
}

func there(pages fs.FS, name string) bool {
	_, err := fs.Stat(pages, name)
	return err == nil
}

// unbuilt says what is missing.
func unbuilt(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("This flyball was built without its dashboard. With Node.js and npm: make build\n" + // the caller is gone
		"Until then: flyball monitor, flyball status, and the API at /api/docs\n"))
}
