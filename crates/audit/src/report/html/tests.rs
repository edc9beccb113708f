use quick_xml::Reader;
use quick_xml::events::Event;

use super::html;
use crate::report::sample;

/// Elements that HTML never closes.
const VOID: [&str; 1] = ["meta"];

#[test]
fn html_report_loads_no_other_file() {
    let text = html(&sample::report(true));
    for outside in [
        "<script", "<link", "<img", "<iframe", "src=", "@import", "url(",
    ] {
        let inside_text = text.replace("&lt;", "").replace("src=x onerror", "");
        assert!(!inside_text.contains(outside), "{outside}");
    }
    assert!(text.contains("default-src 'none'"));
}

#[test]
fn hostile_repository_adds_no_html_elements() {
    let text = html(&sample::report(true));
    let body = text.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut reader = Reader::from_str(body);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                for attribute in element.attributes() {
                    let key = attribute.unwrap().key;
                    assert!(!key.as_ref().starts_with(b"on"), "{key:?}");
                }
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Event::End(element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                assert_eq!(open.pop(), Some(name));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(text.contains("&lt;img") || !text.contains("onerror"));
}

#[test]
fn every_link_has_its_target() {
    let text = html(&sample::report(true));
    for link in text.split("href=\"#").skip(1) {
        let target = link.split('"').next().unwrap();
        assert!(text.contains(&format!("id=\"{target}\"")), "{target}");
    }
}
