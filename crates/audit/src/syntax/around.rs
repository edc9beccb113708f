//! The nodes around and below a place in a syntax tree.

use tree_sitter::Node;

use super::code::Code;

/// Kinds of nodes that are functions, in every language read.
const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "method_declaration",
    "func_literal",
    "function_expression",
    "arrow_function",
    "method_definition",
    "generator_function_declaration",
    "function_definition",
    "lambda",
    "lambda_expression",
    "constructor_declaration",
    "function_item",
    "closure_expression",
    "lambda_literal",
];

impl<'t> Code<'t> {
    /// The nodes around a node, nearest first.
    pub fn ancestors(&self, node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
        std::iter::successors(node.parent(), Node::parent)
    }

    /// The nearest node around that is of one of the kinds.
    #[must_use]
    pub fn enclosing(&self, node: Node<'t>, kinds: &[&str]) -> Option<Node<'t>> {
        self.ancestors(node)
            .find(|around| kinds.contains(&around.kind()))
    }

    /// The innermost function around a node, named or not.
    #[must_use]
    pub fn function_around(&self, node: Node<'t>) -> Option<Node<'t>> {
        self.enclosing(node, FUNCTIONS)
    }

    /// Returns the name of the innermost named function, method or class around a node. Empty at
    /// the top level.
    #[must_use]
    pub fn name_around(&self, node: Node<'t>) -> &'t str {
        self.innermost(node.start_byte())
            .map_or("", |function| function.name)
    }

    /// The function that the file declares under a name.
    #[must_use]
    pub fn declared(&self, name: &str) -> Option<Node<'t>> {
        let function = self
            .functions
            .iter()
            .find(|function| function.name == name)?;
        self.root
            .descendant_for_byte_range(function.span.start, function.span.end)
    }

    /// Every node of the kinds within a node, outer before inner.
    #[must_use]
    pub fn find_all(&self, within: Node<'t>, kinds: &[&str]) -> Vec<Node<'t>> {
        let span = within.byte_range();
        let grammar = self.root.language();
        let mut found = Vec::new();
        for kind in kinds {
            let Some(list) = self
                .nodes
                .get(usize::from(grammar.id_for_node_kind(kind, true)))
            else {
                continue;
            };
            let first = list.partition_point(|node| node.start_byte() < span.start);
            found.extend(
                list.iter()
                    .skip(first)
                    .take_while(|node| node.start_byte() < span.end)
                    .filter(|node| node.end_byte() <= span.end),
            );
        }
        found
            .sort_by_key(|node: &Node<'t>| (node.start_byte(), std::cmp::Reverse(node.end_byte())));
        found
    }

    /// Returns the calls inside a node.
    pub fn calls_within(&self, node: Node<'t>) -> impl Iterator<Item = &super::Call<'t>> {
        let span = node.byte_range();
        let first = self
            .calls
            .partition_point(|call| call.node.start_byte() < span.start);
        self.calls
            .iter()
            .skip(first)
            .take_while(move |call| call.node.start_byte() < span.end)
            .filter(move |call| call.node.end_byte() <= span.end)
    }
}

/// Returns how often a text contains a whole word.
#[must_use]
pub fn count_word(text: &str, word: &str) -> usize {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word)
        .filter(|(at, _)| {
            let before = text
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            let after = text
                .get(at + word.len()..)
                .and_then(|after| after.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::count_word;

    #[test]
    fn a_word_is_not_a_part_of_a_longer_one() {
        assert_eq!(count_word("ctx, ctx2 := f(ctx); _ctx.x", "ctx"), 2);
    }
}
