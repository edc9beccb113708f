//! From text to tree to [`Code`].

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::{Code, go, java, javascript, kotlin, python, rust};
use crate::source::{Language, SourceFile};

/// The reason why a file has no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseFailure {
    /// No grammar for this language.
    NoGrammar,
    /// The grammar took longer than allowed.
    TimedOut,
}

/// Parses text with the grammar of a language.
///
/// # Errors
/// [`ParseFailure`] when there is no grammar or the time is over. Text with syntax errors still
/// gives a tree.
pub fn parse_tree(language: Language, text: &str, timeout: Duration) -> Result<Tree, ParseFailure> {
    let grammar = match language {
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::Kotlin => tree_sitter_kotlin_ng::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::Yaml => tree_sitter_yaml::LANGUAGE,
        Language::Containerfile => tree_sitter_containerfile::LANGUAGE,
        Language::Dotenv
        | Language::Properties
        | Language::Toml
        | Language::Json
        | Language::CSharp
        | Language::Php
        | Language::Ruby
        | Language::Text => {
            return Err(ParseFailure::NoGrammar);
        }
    };
    let mut parser = Parser::new();
    parser
        .set_language(&grammar.into())
        .map_err(|_| ParseFailure::NoGrammar)?;
    let deadline = Instant::now() + timeout;
    let mut progress = |_: &ParseState| {
        if Instant::now() > deadline {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser
        .parse_with_options(
            &mut |offset, _| bytes.get(offset..).unwrap_or_default(),
            None,
            Some(options),
        )
        .ok_or(ParseFailure::TimedOut)
}

/// Walks a tree once and lists the nodes that packs read.
#[must_use]
pub fn read_code<'t>(file: &'t SourceFile, tree: &'t Tree) -> Code<'t> {
    let root = tree.root_node();
    let mut code = Code::new(file, root);
    let visit = |code: &mut Code<'t>, node: Node<'t>| match file.language {
        Language::Go => go::visit(code, node),
        Language::TypeScript | Language::Tsx | Language::JavaScript => {
            javascript::visit(code, node)
        }
        Language::Python => python::visit(code, node),
        Language::Java => java::visit(code, node),
        Language::Kotlin => kotlin::visit(code, node),
        Language::Rust => rust::visit(code, node),
        _ => {}
    };
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.is_named() {
            code.index(node);
            visit(&mut code, node);
        }
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            continue;
        }
        loop {
            if !cursor.goto_parent() {
                code.finish();
                return code;
            }
            if cursor.goto_next_sibling() {
                break;
            }
        }
    }
}
