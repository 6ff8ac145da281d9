//! The page of a report in a real headless Chromium, with real key presses.

use std::io::Write as _;
use std::path::PathBuf;

use board::units::Bytes;
use browser::{Browser, View};
use flashfit::page::page;
use flashfit::report::{Flash, Kind, Method, Node, Report, SCHEMA};

const HOSTILE: &str = "</script><img src=x onerror=\"document.title='owned'\">";

const DESK: View = View {
    width: 1280,
    height: 900,
    dark: false,
    scale: 1.0,
};

fn node(name: &str, kind: Kind, on_flash: u64, children: Vec<Node>) -> Node {
    let mut node = Node::new(name, kind, Method::Divided);
    node.on_flash = Bytes(match children.as_slice() {
        [] => on_flash,
        children => children.iter().map(|child| child.on_flash.get()).sum(),
    });
    if kind != Kind::Free {
        node.raw = Some(Bytes(node.on_flash.get() * 2));
    }
    node.children = children;
    node
}

fn function(name: &str, section: &str, on_flash: u64) -> Node {
    let mut function = node(name, Kind::Function, on_flash, vec![]);
    function.section = Some(section.to_owned());
    function
}

/// A chip with two slots, the second of which repeats the first. `parse` is the size of the
/// server's largest function.
fn report(parse: u64) -> Report {
    let server = node(
        "server",
        Kind::File,
        0,
        vec![
            node(
                "http",
                Kind::Crate,
                0,
                vec![
                    function("http::parse", ".text", parse),
                    function("http::TABLE", ".rodata", 4_000),
                ],
            ),
            node(
                "core",
                Kind::Crate,
                0,
                vec![function("core::fmt", ".text", 9_000)],
            ),
        ],
    );
    let files = vec![
        server,
        node(HOSTILE, Kind::File, 700, vec![]),
        node("\u{202e}gpj.exe", Kind::File, 300, vec![]),
        node(&"long".repeat(60), Kind::File, 200, vec![]),
    ];
    let image = node(
        "rootfs.squashfs",
        Kind::Image,
        0,
        vec![node("squashfs", Kind::Filesystem, 0, files)],
    );
    let mut copy = Node::new("rootfs.squashfs", Kind::Image, Method::Divided);
    copy.on_flash = image.on_flash;
    copy.same_as = Some(vec!["slot-a".to_owned(), "rootfs.squashfs".to_owned()]);
    let free = || node("free", Kind::Free, 100_000, vec![]);
    let partitions = vec![
        node("slot-a", Kind::Partition, 0, vec![image, free()]),
        node("slot-b", Kind::Partition, 0, vec![copy, free()]),
        node("data", Kind::Partition, 0, vec![free()]),
    ];
    let root = node("chip", Kind::Chip, 0, partitions);
    Report {
        schema: SCHEMA.to_owned(),
        name: "camera".to_owned(),
        flash: Some(Flash {
            size: root.on_flash,
            erase_block: Bytes(65_536),
        }),
        revision: Some("v1.2.3".to_owned()),
        check: None,
        root,
        unattributed: Bytes(0),
        without: None,
        warnings: vec![format!("{HOSTILE}: no symbols")],
    }
}

/// The page in a browser; none, and a line that says so, without Chromium.
struct Page {
    browser: Browser,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Page {
    fn open(report: &Report, before: Option<&Report>, view: View) -> Option<Page> {
        let Some(program) = browser::installed() else {
            // Not by eprintln!, which a test that passes does not show.
            let _ = writeln!(
                std::io::stderr(),
                "left out: the page in a browser, since Chromium is not installed"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.html");
        std::fs::write(&file, page(report, before)).unwrap();
        let mut browser = Browser::start(&program).unwrap();
        browser.open(&file, view).unwrap();
        Some(Page {
            browser,
            file,
            _folder: folder,
        })
    }

    fn text(&mut self, expression: &str) -> String {
        let value = self.browser.evaluate(expression).unwrap();
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    fn press(&mut self, keys: &[&str]) {
        keys.iter().for_each(|key| self.browser.press(key).unwrap());
    }

    /// The path that is shown, and the names in the table.
    fn shown(&mut self) -> (String, Vec<String>) {
        let path = self
            .text("[...document.querySelectorAll('#trail li')].map(e => e.textContent).join('/')");
        let rows = self.text("[...document.querySelectorAll('#table tbody button')].map(e => e.textContent).join('\\n')");
        (path, rows.lines().map(str::to_owned).collect())
    }

    /// The element that has the focus.
    fn focus(&mut self) -> String {
        self.text("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id")
    }

    fn assert_clean(&self) {
        assert_eq!(self.browser.errors(), [""; 0]);
        let own = format!("file://{}", self.file.display());
        let foreign = self.browser.requests().iter();
        let foreign: Vec<_> = foreign
            .filter(|url| **url != own && *url != "data:,")
            .collect();
        assert!(foreign.is_empty(), "{foreign:?}");
    }
}

#[test]
fn arrows_enter_and_escape_move_through_the_picture() {
    let Some(mut page) = Page::open(&report(20_000), None, DESK) else {
        return;
    };
    assert_eq!(page.shown().0, "camera");
    assert_eq!(page.shown().1, ["slot-a", "slot-b", "data"]);
    page.text("document.querySelector('#tiles [role=button]').focus()");
    assert!(
        page.focus()
            .starts_with("slot-a, partition · 34,200 bytes on flash")
    );
    page.press(&["Enter", "Enter", "Enter"]);
    let (path, rows) = page.shown();
    assert_eq!(path, "camera/slot-a/rootfs.squashfs/squashfs");
    assert_eq!(rows[0], "server");
    assert!(page.focus().starts_with("server, file · 33,000 bytes"));
    page.press(&["Enter"]);
    assert!(page.focus().starts_with("http, crate"));
    page.press(&["ArrowRight"]);
    assert!(page.focus().starts_with("core, crate"));
    page.press(&["ArrowLeft", "Enter"]);
    assert_eq!(page.shown().1, ["http::parse", "http::TABLE"]);
    page.press(&["Escape"]);
    assert!(
        page.focus().starts_with("http, crate"),
        "the tile that was left"
    );
    page.press(&["Backspace", "Backspace", "Backspace", "Backspace"]);
    assert_eq!(page.shown().0, "camera");
    page.assert_clean();
}

#[test]
fn a_search_lists_its_matches_with_their_sum_and_enter_goes_there() {
    let Some(mut page) = Page::open(&report(20_000), None, DESK) else {
        return;
    };
    page.press(&["/"]);
    page.browser.type_text("HTTP").unwrap();
    let caption = page.text("document.querySelector('#caption').textContent");
    // The crate and its two functions: each byte counts once.
    assert_eq!(caption, "3 matches for “HTTP” · 24,000 bytes on flash");
    assert_eq!(page.shown().1, ["http", "http::parse", "http::TABLE"]);
    assert_ne!(
        page.text("document.querySelectorAll('.tile.dim').length"),
        "0"
    );
    page.press(&["ArrowDown", "ArrowDown", "Enter"]);
    let (path, rows) = page.shown();
    assert_eq!(path, "camera/slot-a/rootfs.squashfs/squashfs/server/http");
    assert_eq!(rows, ["http::parse", "http::TABLE"]);
    let chosen = page.text("document.querySelector('tr.chosen button').textContent");
    assert_eq!(chosen, "http::parse");
    page.press(&["/", "z", "z", "z"]);
    assert_eq!(page.shown().1, [""; 0]);
    page.press(&["Escape"]);
    assert_eq!(page.shown().1, ["http::parse", "http::TABLE"]);
    page.assert_clean();
}

#[test]
fn columns_sort_and_programs_group_by_section() {
    let Some(mut page) = Page::open(&report(20_000), None, DESK) else {
        return;
    };
    page.text(
        "new Promise(done => {
           addEventListener('popstate', done, { once: true });
           location.hash = '#slot-a/rootfs.squashfs/squashfs/server';
         }).then(() => '')",
    );
    assert_eq!(page.shown().1, ["http", "core"]);
    page.text("document.querySelector('th.name button').focus()");
    page.press(&["Enter"]);
    assert_eq!(page.shown().1, ["core", "http"]);
    page.text("document.querySelector('th.onFlash button').click()");
    page.text("document.querySelector('#sections input').click()");
    assert_eq!(page.shown().1, [".text", ".rodata"]);
    let sizes =
        "[...document.querySelectorAll('#table td.onFlash')].map(e => e.textContent).join(' ')";
    assert_eq!(page.text(sizes), "33,000 29,000 4,000");
    page.text("document.querySelector('#table tbody button').focus()");
    page.press(&["Enter"]);
    assert_eq!(page.shown().1, ["http", "core"]);
    assert_eq!(page.text(sizes), "29,000 20,000 9,000");
    page.assert_clean();
}

#[test]
fn the_copy_in_the_second_slot_leads_to_the_original() {
    let Some(mut page) = Page::open(&report(20_000), None, DESK) else {
        return;
    };
    let strip = page.text("[...document.querySelectorAll('.piece')].map(e => e.title).join('\\n')");
    assert_eq!(
        strip,
        "slot-a: 34,200 of 134,200 bytes used\n\
         slot-b: 34,200 of 134,200 bytes used, same as slot-a\n\
         data: 100,000 bytes, erased"
    );
    page.text("document.querySelectorAll('.piece')[1].focus()");
    page.press(&["Enter"]);
    assert_eq!(page.shown().0, "camera/slot-b");
    page.text("document.querySelector('#table tbody button').focus()");
    page.press(&["Enter"]);
    assert_eq!(page.shown().0, "camera/slot-a/rootfs.squashfs");
    page.assert_clean();
}

#[test]
fn a_hostile_name_is_text() {
    let Some(mut page) = Page::open(&report(20_000), None, DESK) else {
        return;
    };
    page.press(&["/"]);
    page.browser.type_text("onerror").unwrap();
    assert_eq!(page.shown().1, [HOSTILE]);
    page.press(&["Enter"]);
    assert_eq!(page.text("document.querySelectorAll('img').length"), "0");
    assert_eq!(page.text("document.title"), "camera: flash report");
    let (_, rows) = page.shown();
    assert!(rows.contains(&"\u{fffd}gpj.exe".to_owned()), "{rows:?}");
    page.assert_clean();
}

#[test]
fn a_comparison_lists_what_changed_first() {
    let Some(mut page) = Page::open(&report(26_000), Some(&report(20_000)), DESK) else {
        return;
    };
    let facts = page.text("document.querySelector('#facts').textContent");
    assert!(
        facts.starts_with("+12,000 bytes on flash since v1.2.3"),
        "{facts}"
    );
    assert_eq!(page.shown().1, ["slot-a", "slot-b", "data"]);
    let changes = "[...document.querySelectorAll('#table tbody td.change')].map(e => e.textContent).join(' ')";
    assert_eq!(page.text(changes), "+6,000 +6,000 0");
    assert_ne!(
        page.text("document.querySelectorAll('.tile.grown').length"),
        "0"
    );
    assert_eq!(
        page.text("document.querySelectorAll('.tile.shrunk').length"),
        "0"
    );
    page.assert_clean();
    let same = report(20_000);
    let mut page = Page::open(&same, Some(&same), DESK).unwrap();
    assert_eq!(
        page.text("document.querySelector('#tiles').textContent"),
        "Nothing changed here."
    );
    page.assert_clean();
}

#[test]
fn a_phone_needs_no_sideways_scrolling_and_a_dark_page_is_dark() {
    for (report, before) in [
        (report(20_000), None),
        (report(26_000), Some(report(20_000))),
    ] {
        let phone = View {
            width: 360,
            height: 740,
            dark: true,
            scale: 1.0,
        };
        let Some(mut page) = Page::open(&report, before.as_ref(), phone) else {
            return;
        };
        let width = "document.documentElement.scrollWidth";
        assert_eq!(page.text(width), "360");
        page.press(&["/"]);
        page.browser.type_text("long").unwrap();
        assert_eq!(page.text(width), "360", "with a long name");
        page.press(&["Enter"]);
        assert_eq!(page.text(width), "360", "with a long path");
        assert!(
            luminance(&page.text("getComputedStyle(document.documentElement).backgroundColor"))
                < 0.05
        );
        page.assert_clean();
    }
}

/// Each text has the contrast that WCAG 2.2 wants at level AA, in both colour schemes.
#[test]
fn every_colour_is_readable() {
    for dark in [false, true] {
        for (report, before) in [
            (report(20_000), None),
            (report(26_000), Some(report(20_000))),
        ] {
            let view = View { dark, ..DESK };
            let Some(mut page) = Page::open(&report, before.as_ref(), view) else {
                return;
            };
            let kinds = "Object.keys({ image: 0, folder: 0, file: 0, section: 0, crate: 0, 'crate-function': 0, library: 0, \
                'library-function': 0, object: 0, 'object-function': 0, function: 0, rest: 0, free: 0, same: 0, grown: 0, shrunk: 0 })";
            let pairs = page.text(&format!(
                "{{ const pairs = [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))\
                   .filter(e => e.offsetParent && !e.closest('.hidden, legend')).map(e => {{ let at = e, back = 'rgba(0, 0, 0, 0)';\
                     while (at && /, 0\\)$/.test(back)) {{ back = getComputedStyle(at).backgroundColor; at = at.parentElement; }}\
                     return [e.className + ' ' + e.tagName, getComputedStyle(e).color, back]; }});\
                   for (const kind of {kinds}) {{ const e = document.createElement('div'); e.className = 'tile ' + kind; document.body.append(e);\
                     pairs.push([kind, getComputedStyle(e).color, getComputedStyle(e).backgroundColor]); e.remove(); }}\
                   pairs.map(p => p.join('|')).join('\\n') }}"
            ));
            assert!(pairs.lines().count() > 60, "{pairs}");
            for pair in pairs.lines() {
                let parts: Vec<&str> = pair.split('|').collect();
                let (a, b) = (luminance(parts[1]), luminance(parts[2]));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{pair}: {contrast:.2}, dark: {dark}");
            }
        }
    }
}

/// The relative luminance of a computed colour, by WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let numbers = colour.trim_start_matches(|c: char| c != '(');
    let numbers: Vec<f64> = numbers
        .split(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
        .filter_map(|number| number.parse().ok())
        .collect();
    let linear = |channel: f64| match channel <= 0.04045 {
        true => channel / 12.92,
        false => ((channel + 0.055) / 1.055).powf(2.4),
    };
    let [r, g, b] = match colour {
        c if c.starts_with("oklab") => return numbers[0].powi(3),
        c if c.starts_with("color(srgb") => [numbers[0], numbers[1], numbers[2]],
        _ => [0, 1, 2].map(|at| numbers[at] / 255.0),
    }
    .map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}
