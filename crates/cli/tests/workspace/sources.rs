use std::{fs, path::Path};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::root;

/// A source file without its tests.
pub(crate) struct Source {
    /// The path below the root of the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<TokenTree>,
}

/// Directories below `src` that hold tests or tools for tests.
const TEST_DIRECTORIES: [&str; 3] = ["tests", "conformance", "testkit"];

/// Returns the sources of all crates and platforms, in the order of their paths.
pub(crate) fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for directory in ["crates", "platforms"] {
        visit(&root().join(directory), false, &mut sources);
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    sources
}

fn visit(directory: &Path, is_source: bool, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            let is_test = TEST_DIRECTORIES.contains(&name) || name.ends_with("_tests");
            if !is_test && name != "target" && !name.starts_with('.') {
                visit(&path, is_source || name == "src", sources);
            }
            continue;
        }
        let is_test = matches!(name, "tests.rs" | "conformance.rs") || name.ends_with("_tests.rs");
        if is_source && !is_test && path.extension().is_some_and(|it| it == "rs") {
            sources.push(read(&path));
        }
    }
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let tokens: TokenStream = text
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(root()).unwrap();
    Source {
        path: path.to_str().unwrap().to_owned(),
        tokens: without_tests(tokens),
        text,
    }
}

/// Removes items with `#[test]`, `#[cfg(test)]` or `#[tokio::test]`.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut is_skipping = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let is_attribute =
                    matches!(kept.last(), Some(TokenTree::Punct(it)) if it.as_char() == '#');
                let text = group.stream().to_string();
                let text: String = text.split_whitespace().collect();
                if is_attribute
                    && (matches!(&*text, "test" | "cfg(test)" | "cfg(doctest)")
                        || text.starts_with("tokio::test"))
                {
                    kept.pop();
                    is_skipping = true;
                    continue;
                }
            }
            TokenTree::Group(group) if is_skipping && group.delimiter() == Delimiter::Brace => {
                is_skipping = false;
                continue;
            }
            TokenTree::Punct(sign) if is_skipping && sign.as_char() == ';' => {
                is_skipping = false;
                continue;
            }
            _ => {}
        }
        if is_skipping && !matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '#') {
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream()).into_iter().collect();
                TokenTree::Group(Group::new(group.delimiter(), inner))
            }
            token => token,
        });
    }
    kept
}

/// Returns the value of a token that is a string literal.
pub(crate) fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else {
        return None;
    };
    let literal = syn::parse_str::<syn::LitStr>(&literal.to_string());
    literal.ok().map(|literal| literal.value())
}
