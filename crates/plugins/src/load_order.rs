//! The order of plugins by their dependencies.

use std::collections::BTreeMap;

/// Errors of the order of plugins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OrderError {
    #[error("depends on \"{dependency}\", which is not in the folder or has an error")]
    Missing { plugin: String, dependency: String },
    #[error("depends on itself: {}", .0.join(" -> "))]
    Circular(Vec<String>),
}

impl OrderError {
    /// Returns the plugin that cannot be loaded.
    pub(crate) fn plugin(&self) -> &str {
        match self {
            Self::Missing { plugin, .. } => plugin,
            Self::Circular(path) => path.first().map_or("", String::as_str),
        }
    }
}

/// Returns the names so that each follows its dependencies. Independent names are in alphabetical
/// order.
///
/// # Errors
/// A dependency is missing or circular.
pub(crate) fn load_order(
    dependencies: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, OrderError> {
    let (order, errors) = sort(dependencies);
    errors.into_iter().next().map_or(Ok(order), Err)
}

/// Returns the names whose dependencies are neither missing nor circular, in the order of
/// [`load_order`], and the errors of the others. A plugin that depends on one of the others misses
/// it.
pub(crate) fn valid_order(
    dependencies: &BTreeMap<String, Vec<String>>,
) -> (Vec<String>, Vec<OrderError>) {
    let (valid, errors) = sort(dependencies);
    if errors.is_empty() {
        return (valid, errors);
    }
    // Without the others, so that their dependencies do not come earlier than in alphabetical
    // order.
    let valid = valid.into_iter().filter_map(|name| {
        let needed = dependencies.get(&name)?.clone();
        Some((name, needed))
    });
    (sort(&valid.collect()).0, errors)
}

fn sort(dependencies: &BTreeMap<String, Vec<String>>) -> (Vec<String>, Vec<OrderError>) {
    let mut sort = Sort {
        dependencies,
        states: BTreeMap::new(),
        path: Vec::new(),
        order: Vec::with_capacity(dependencies.len()),
        errors: Vec::new(),
    };
    for name in dependencies.keys() {
        sort.visit(name);
    }
    (sort.order, sort.errors)
}

/// A depth-first search. It visits each plugin once, and each dependency of each plugin once.
struct Sort<'a> {
    dependencies: &'a BTreeMap<String, Vec<String>>,
    states: BTreeMap<&'a str, State>,
    /// The plugins that are being visited.
    path: Vec<&'a str>,
    order: Vec<String>,
    errors: Vec<OrderError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Visiting,
    Valid,
    Invalid,
}

impl<'a> Sort<'a> {
    /// Visits a plugin after its dependencies. Returns whether it is valid.
    fn visit(&mut self, name: &'a str) -> bool {
        match self.states.get(name) {
            Some(State::Valid) => return true,
            Some(State::Invalid) => return false,
            Some(State::Visiting) => {
                let start = self.path.iter().skip_while(|earlier| **earlier != name);
                let cycle = start.chain([&name]).map(|name| (*name).to_owned());
                let error = OrderError::Circular(cycle.collect());
                self.reject(name, error);
                return false;
            }
            None => {}
        }
        let Some(needed) = self.dependencies.get(name) else {
            return false;
        };
        self.states.insert(name, State::Visiting);
        self.path.push(name);
        for dependency in needed {
            let is_valid = self.visit(dependency);
            // The visit may also have found a cycle with this plugin.
            let is_rejected = self.states.get(name) == Some(&State::Invalid);
            if !is_valid && !is_rejected {
                let error = OrderError::Missing {
                    plugin: name.to_owned(),
                    dependency: dependency.clone(),
                };
                self.reject(name, error);
            }
        }
        self.path.pop();
        let is_valid = self.states.get(name) == Some(&State::Visiting);
        if is_valid {
            self.states.insert(name, State::Valid);
            self.order.push(name.to_owned());
        }
        is_valid
    }

    fn reject(&mut self, name: &'a str, error: OrderError) {
        self.states.insert(name, State::Invalid);
        self.errors.push(error);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        edges
            .iter()
            .map(|(name, needed)| ((*name).to_owned(), names(needed)))
            .collect()
    }

    #[test]
    fn dependencies_come_first_plug_1() {
        let order = load_order(&graph(&[("a", &["c"]), ("b", &[]), ("c", &["b"])]));
        assert_eq!(order.unwrap(), ["b", "c", "a"]);
    }

    #[test]
    fn circular_dependencies_are_rejected_with_their_path_plug_1() {
        let error = load_order(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap_err();
        assert_eq!(error.to_string(), "depends on itself: b -> c -> b");
    }

    #[test]
    fn all_errors_are_found_at_once_plug_1() {
        let graph = graph(&[
            ("a", &["b"]),
            ("b", &["a"]),
            ("c", &["x", "b", "e"]),
            ("d", &["e"]),
            ("e", &[]),
            ("f", &["c"]),
        ]);
        let (order, errors) = valid_order(&graph);
        assert_eq!(order, ["e", "d"]);
        let errors: Vec<_> = errors
            .iter()
            .map(|error| format!("{}: {error}", error.plugin()))
            .collect();
        let expected = [
            "a: depends on itself: a -> b -> a",
            "b: depends on \"a\", which is not in the folder or has an error",
            "c: depends on \"x\", which is not in the folder or has an error",
            "f: depends on \"c\", which is not in the folder or has an error",
        ];
        assert_eq!(errors, expected);
    }

    #[test]
    fn missing_dependency_is_named_plug_1() {
        let error = load_order(&graph(&[("a", &["x"])])).unwrap_err();
        assert_eq!(error.plugin(), "a");
        let problem = "depends on \"x\", which is not in the folder or has an error";
        assert_eq!(error.to_string(), problem);
    }

    proptest! {
        #[test]
        fn valid_order_omits_what_depends_on_errors_plug_1(edges in prop::collection::vec((0_u8..9, 0_u8..10), 0..25)) {
            let mut graph: BTreeMap<String, Vec<String>> = (0..9).map(|name| (name.to_string(), Vec::new())).collect();
            // The name 9 is missing.
            for (from, to) in edges {
                graph.entry(from.to_string()).or_default().push(to.to_string());
            }
            let (order, errors) = valid_order(&graph);
            let mut rejected: Vec<_> = errors.iter().map(OrderError::plugin).collect();
            rejected.sort_unstable();
            let mut left = graph.clone();
            let mut removed = Vec::new();
            let expected = loop {
                match load_order(&left) {
                    Ok(order) => break order,
                    Err(error) => {
                        left.remove(error.plugin());
                        removed.push(error.plugin().to_owned());
                    }
                }
            };
            removed.sort_unstable();
            prop_assert_eq!(order, expected);
            prop_assert_eq!(rejected, removed);
        }

        #[test]
        fn order_has_every_name_after_its_dependencies_plug_1(edges in prop::collection::vec((0_u8..12, 0_u8..12), 0..40)) {
            let mut graph: BTreeMap<String, Vec<String>> = (0..12).map(|name| (format!("{name:02}"), Vec::new())).collect();
            // Edges from large to small names cannot form a cycle.
            for (from, to) in edges.into_iter().filter(|(from, to)| from > to) {
                graph.entry(format!("{from:02}")).or_default().push(format!("{to:02}"));
            }
            let order = load_order(&graph).unwrap();
            prop_assert_eq!(order.len(), graph.len());
            for (place, name) in order.iter().enumerate() {
                for dependency in &graph[name] {
                    prop_assert!(order[..place].contains(dependency));
                }
            }
        }
    }
}
