package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// chromium starts a browser, which ends with the test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(metricstest.Program(t, "chromium", "chromium")))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run as root with one
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return ctx
}

// tab is a page with cookies of its own. What it reports as an error fails the test, unless that was to come.
type tab struct {
	*testing.T
	ctx  context.Context
	site *site

	mu       sync.Mutex
	faults   []string
	expected []string
}

// size is that of a window, in CSS pixels.
type size struct{ width, height int64 }

var (
	desk  = size{1280, 800}
	phone = size{390, 844}
)

// open opens a tab in which somebody is logged in; nobody where email is empty.
func open(t *testing.T, browser context.Context, s *site, email string) *tab {
	t.Helper()
	b := &tab{T: t, site: s}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	t.Cleanup(cancel)
	b.ctx = ctx
	t.Cleanup(b.faultless)
	if err := chromedp.Do(ctx); err != nil { // the tab ends with the context of the first step: none that ends early
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(desk.width, desk.height))
	if email != "" {
		b.enter(email)
	}
	return b
}

// enter gives the tab somebody's session.
func (b *tab) enter(email string) {
	b.Helper()
	c := b.site.session(b.T, email)
	call(b, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: b.site.url, HTTPOnly: &c.HttpOnly, SameSite: network.CookieSameSiteStrict})
}

// hear keeps what went wrong in the page: errors, exceptions, and what the policy of its contents forbade.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening: // whether to leave a draft that is not saved
		go func() {
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}) // the tab may be gone
		}()
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		b.faults = append(b.faults, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning && e.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		text := "console." + string(e.Type)
		for _, a := range e.Args {
			text += " " + string(a.Value) + a.Description
		}
		b.faults = append(b.faults, text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

// expects has errors that mention a text be none.
func (b *tab) expects(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, text)
}

func (b *tab) faultless() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		if !slices.ContainsFunc(b.expected, func(text string) bool { return strings.Contains(fault, text) }) {
			b.Errorf("the page reports: %s", fault)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// call has the browser do what it does for its own developer tools.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	r, err := try(b, command, params)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func try[P, R any](b *tab, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Call(ctx, command, params)
}

// js is what an expression comes to in the page.
func js[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// visit goes to a path as who writes it into the address bar, and does not mind to leave something unsaved.
func (b *tab) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.site.url + path))
}

// look sets the size of the window, and whether the system is dark.
func (b *tab) look(window size, dark bool) {
	b.Helper()
	options := []chromedp.EmulateViewportOption{}
	if window.width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do(chromedp.EmulateViewport(window.width, window.height, options...))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
}

// text is what can be read on the page.
func (b *tab) text() string {
	b.Helper()
	return js[string](b, "document.body.innerText")
}

// shows says whether a text can be read on the page now, wherever its lines break and however it is set.
func (b *tab) shows(text string) (now string, found bool) {
	b.Helper()
	now = b.text()
	flat := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return now, strings.Contains(flat(now), flat(text))
}

// sees waits until all of these can be read on the page.
func (b *tab) sees(texts ...string) {
	b.Helper()
	for _, text := range texts {
		b.until(fmt.Sprintf("%q on the page", text), func() error {
			if now, found := b.shows(text); !found {
				return fmt.Errorf("there is\n%s", now)
			}
			return nil
		})
	}
}

// misses waits until a text can't be read on the page any more.
func (b *tab) misses(text string) {
	b.Helper()
	b.until(fmt.Sprintf("%q to go from the page", text), func() error {
		if now, found := b.shows(text); found {
			return fmt.Errorf("there is\n%s", now)
		}
		return nil
	})
}

// becomes waits until an expression is true in the page.
func (b *tab) becomes(what, expression string) {
	b.Helper()
	b.until(what, func() error {
		if !js[bool](b, "!!("+expression+")") {
			return fmt.Errorf("not so; there is\n%s", b.text())
		}
		return nil
	})
}

func (b *tab) until(what string, holds func() error) {
	b.Helper()
	until(b.T, what, holds)
}

// at waits until the tab is at a path.
func (b *tab) at(path string) {
	b.Helper()
	b.becomes("to be at "+path, "location.pathname + location.search === "+quoted(path))
}

// element is what a screen reader would call something on the page.
type element struct {
	role, name string
	node       cdp.BackendNodeID
}

// elements are those of a role that can be used, as the browser tells screen readers of them.
func (b *tab) elements(role string) ([]element, error) {
	root, err := try(b, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return nil, err
	}
	found, err := try(b, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{BackendNodeID: root.Root.BackendNodeID, Role: role})
	if err != nil {
		return nil, err
	}
	var all []element
	for _, n := range found.Nodes {
		if n.Ignored || n.BackendDOMNodeID == 0 || disabled(n) {
			continue
		}
		e := element{role: role, node: n.BackendDOMNodeID}
		if n.Name != nil {
			if err := json.Unmarshal(n.Name.Value, &e.name); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
	return all, nil
}

func disabled(n *accessibility.Node) bool {
	return slices.ContainsFunc(n.Properties, func(p *accessibility.Property) bool {
		return p.Name == accessibility.PropertyNameDisabled && string(p.Value.Value) == "true"
	})
}

// find waits for an element by its role and its whole name; of several it is the first.
func (b *tab) find(role, name string) element {
	b.Helper()
	return b.findBy(role, fmt.Sprintf("named %q", name), func(n string) bool { return strings.EqualFold(n, name) })
}

// finds waits for an element of a role whose name has a part.
func (b *tab) finds(role, part string) element {
	b.Helper()
	return b.findBy(role, fmt.Sprintf("with %q in its name", part), func(n string) bool { return strings.Contains(strings.ToLower(n), strings.ToLower(part)) })
}

func (b *tab) findBy(role, what string, fits func(name string) bool) (found element) {
	b.Helper()
	b.until("a "+role+" "+what, func() error {
		all, err := b.elements(role)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(e element) bool { return fits(e.name) })
		if i < 0 {
			return fmt.Errorf("there are %v, and\n%s", names(all), b.text())
		}
		found = all[i]
		return nil
	})
	return found
}

// has says whether there is an element whose name has a part, now.
func (b *tab) has(role, part string) bool {
	b.Helper()
	all, err := b.elements(role)
	if err != nil {
		b.Fatal(err)
	}
	return slices.ContainsFunc(all, func(e element) bool { return strings.Contains(strings.ToLower(e.name), strings.ToLower(part)) })
}

func names(all []element) []string {
	list := make([]string, len(all))
	for i, e := range all {
		list[i] = fmt.Sprintf("%q", e.name)
	}
	return list
}

// click clicks in the middle of an element. A page that is drawn anew may have moved it meanwhile: it is clicked again where
// the click has not met it.
func (b *tab) click(role, name string) {
	b.Helper()
	b.until(fmt.Sprintf("a click on %s %q", role, name), func() error {
		return b.press(b.find(role, name))
	})
}

// aim has the page heed no click that goes elsewhere than to an element or its label, and say what became of the next one.
const aim = `function() {
	window.flyballAim?.abort(); // of a click that failed
	const aim = window.flyballAim = new AbortController();
	aim.said = "the click has not arrived";
	const judge = event => {
		const met = event.composedPath().some(node => node === this || [...(this.labels ?? [])].includes(node));
		if (!met) {
			event.preventDefault();
			event.stopImmediatePropagation();
			aim.said = "the click went elsewhere";
		} else if (event.type === "click") {
			aim.said = "";
		}
	};
	for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
		window.addEventListener(type, judge, { capture: true, signal: aim.signal });
	}
}`

// lower ends what aim began. A page that is another one by now has been left by the click.
const lower = `(() => {
	const aim = window.flyballAim;
	aim?.abort();
	delete window.flyballAim;
	return aim?.said ?? "";
})()`

func (b *tab) press(e element) error {
	b.Helper()
	node, err := try(b, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e.node})
	if err != nil {
		return err
	}
	if _, err := try(b, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: e.node}); err != nil {
		return err
	}
	quads, err := try(b, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: e.node})
	if err != nil {
		return err
	}
	if len(quads.Quads) == 0 || len(quads.Quads[0]) < 8 {
		return errors.New("it has no place on the page")
	}
	q := quads.Quads[0]
	if _, err := try(b, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: aim, ObjectID: node.Object.ObjectID}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2)); err != nil {
		return err
	}
	if said, err := chromedp.Run(ctx, chromedp.Evaluate[string](lower)); err == nil && said != "" {
		return errors.New(said)
	}
	return nil // or the page is being left
}

// fill writes into a field, in the place of what is there.
func (b *tab) fill(role, name, text string) {
	b.Helper()
	b.until(fmt.Sprintf("%s %q to take a text", role, name), func() error {
		_, err := try(b, dom.Focus, dom.FocusParams{BackendNodeID: b.find(role, name).node})
		return err
	})
	js[chromedp.Void](b, "document.activeElement.select?.()")
	b.insert(text)
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return `""` // no text fails to
	}
	return string(raw)
}
