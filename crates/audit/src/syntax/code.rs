//! The representation of code that all languages share.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use tree_sitter::Node;

use crate::model::Place;
use crate::source::SourceFile;

/// An import.
#[derive(Debug, Clone)]
pub struct ImportedPath<'t> {
    /// The module path without quotes.
    pub path: &'t str,
    /// The location.
    pub span: Range<usize>,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Argument<'t> {
    /// The name of a keyword argument.
    pub name: Option<&'t str>,
    /// The value.
    pub value: Node<'t>,
}

/// A call, a construction (`new X()`), a macro (`x!`) or an annotation (`@X`).
#[derive(Debug, Clone)]
pub struct Call<'t> {
    /// The part before the last dot. Empty for a plain function.
    pub receiver: &'t str,
    /// The node of the receiver.
    pub receiver_node: Option<Node<'t>>,
    /// The last part of the callee: `Get` of `http.Get`, `@GetMapping` for an annotation,
    /// `println!` for a macro.
    pub method: &'t str,
    /// Arguments in order.
    pub arguments: Vec<Argument<'t>>,
    /// The whole call.
    pub node: Node<'t>,
}

impl<'t> Call<'t> {
    /// Whether this calls `receiver.method`.
    #[must_use]
    pub fn is(&self, receiver: &str, method: &str) -> bool {
        self.method == method && self.receiver == receiver
    }

    /// The positional argument at an index.
    #[must_use]
    pub fn positional(&self, index: usize) -> Option<Node<'t>> {
        self.arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .nth(index)
            .map(|argument| argument.value)
    }

    /// The keyword argument with a name.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<Node<'t>> {
        self.arguments
            .iter()
            .find(|argument| argument.name == Some(name))
            .map(|argument| argument.value)
    }

    /// The span of the call, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.node.byte_range()
    }
}

/// A named piece of code.
#[derive(Debug, Clone)]
pub(super) struct Function<'t> {
    pub(super) name: &'t str,
    pub(super) span: Range<usize>,
}

/// A parsed source file.
#[derive(Debug)]
pub struct Code<'t> {
    /// The file.
    pub file: &'t SourceFile,
    /// The whole tree.
    pub root: Node<'t>,
    /// Imports in order.
    pub imports: Vec<ImportedPath<'t>>,
    /// Calls, outer before inner.
    pub calls: Vec<Call<'t>>,
    /// Composite literals with a type name: Go composite literals, Rust struct expressions.
    pub composites: Vec<(&'t str, Node<'t>)>,
    pub(super) functions: Vec<Function<'t>>,
    /// Named nodes by the number of their kind, each list in the order of the text.
    pub(super) nodes: Vec<Vec<Node<'t>>>,
    /// The index in `calls` by node.
    call_places: HashMap<usize, usize>,
    /// Names with exactly one value in the file. A name with several values is `None`.
    pub(super) bindings: HashMap<&'t str, Option<Node<'t>>>,
}

impl<'t> Code<'t> {
    pub(super) fn new(file: &'t SourceFile, root: Node<'t>) -> Self {
        Self {
            file,
            root,
            imports: Vec::new(),
            calls: Vec::new(),
            composites: Vec::new(),
            functions: Vec::new(),
            nodes: Vec::new(),
            call_places: HashMap::new(),
            bindings: HashMap::new(),
        }
    }

    /// The text of a node.
    #[must_use]
    pub fn text(&self, node: Node<'t>) -> &'t str {
        self.file.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Whether a module is imported, itself or a part of it.
    #[must_use]
    pub fn imports_module(&self, module: &str) -> bool {
        self.imports.iter().any(|import| {
            import
                .path
                .strip_prefix(module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ':']))
        })
    }

    /// The value bound to a name, when the file binds it exactly once.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<Node<'t>> {
        self.bindings.get(name).copied().flatten()
    }

    /// The call that is exactly this node.
    #[must_use]
    pub fn call_at(&self, node: Node<'t>) -> Option<&Call<'t>> {
        self.call_places
            .get(&node.id())
            .and_then(|at| self.calls.get(*at))
    }

    /// The name of the innermost function or class around a place.
    #[must_use]
    pub fn symbol_at(&self, offset: usize) -> Option<Arc<str>> {
        self.innermost(offset)
            .map(|function| Arc::from(function.name))
    }

    /// The place of a node, for a fact.
    #[must_use]
    pub fn place(&self, node: Node<'t>) -> Place {
        Place {
            span: node.byte_range(),
            symbol: self.symbol_at(node.start_byte()),
        }
    }

    /// Returns the innermost function around a place. Functions are sorted by their starts. The
    /// result is the last one that starts before the place and ends after it.
    pub(super) fn innermost(&self, offset: usize) -> Option<&Function<'t>> {
        let after = self
            .functions
            .partition_point(|function| function.span.start <= offset);
        self.functions
            .get(..after)?
            .iter()
            .rev()
            .find(|function| function.span.end > offset)
    }

    /// Puts a named node into the list of its kind.
    pub(super) fn index(&mut self, node: Node<'t>) {
        let kind = usize::from(node.kind_id());
        if self.nodes.len() <= kind {
            self.nodes.resize_with(kind + 1, Vec::new);
        }
        if let Some(list) = self.nodes.get_mut(kind) {
            list.push(node);
        }
    }

    /// Builds the indexes that find calls by their node and functions by their place.
    pub(super) fn finish(&mut self) {
        self.functions
            .sort_by_key(|function| (function.span.start, std::cmp::Reverse(function.span.end)));
        self.call_places = self
            .calls
            .iter()
            .enumerate()
            .map(|(at, call)| (call.node.id(), at))
            .collect();
    }

    pub(super) fn bind(&mut self, name: &'t str, value: Node<'t>) {
        self.bindings
            .entry(name)
            .and_modify(|bound| *bound = None)
            .or_insert(Some(value));
    }

    pub(super) fn define(&mut self, node: Node<'t>) {
        if let Some(name) = node.child_by_field_name("name") {
            self.functions.push(Function {
                name: self.text(name),
                span: node.byte_range(),
            });
        }
    }

    /// Splits a callee into receiver and method by the fields of its member expression.
    pub(super) fn push_call(
        &mut self,
        node: Node<'t>,
        callee: Node<'t>,
        member: (&str, &str, &str),
        arguments: Vec<Argument<'t>>,
    ) {
        let (kind, object, property) = member;
        let (receiver_node, method) = if callee.kind() == kind {
            (
                callee.child_by_field_name(object),
                callee.child_by_field_name(property).unwrap_or(callee),
            )
        } else {
            (None, callee)
        };
        self.calls.push(Call {
            receiver: receiver_node.map_or("", |receiver| self.text(receiver)),
            receiver_node,
            method: self.text(method),
            arguments,
            node,
        });
    }

    /// Returns the positional arguments under a list node, without comments.
    pub(super) fn positional_arguments(list: Option<Node<'t>>) -> Vec<Argument<'t>> {
        let Some(list) = list else { return Vec::new() };
        let mut cursor = list.walk();
        list.named_children(&mut cursor)
            .filter(|child| !child.kind().contains("comment"))
            .map(|value| Argument { name: None, value })
            .collect()
    }
}

/// Removes one pair of matching quotes.
pub(super) fn unquote(text: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}
