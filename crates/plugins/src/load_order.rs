//! The order of plugins by their dependencies.

use std::collections::{BTreeMap, BTreeSet};

/// Errors of the order of plugins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OrderError {
    #[error("depends on \"{dependency}\", which is not in the folder")]
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
    let mut order = Vec::with_capacity(dependencies.len());
    let mut done = BTreeSet::new();
    for name in dependencies.keys() {
        visit(name, dependencies, &mut Vec::new(), &mut done, &mut order)?;
    }
    Ok(order)
}

fn visit(
    name: &str,
    dependencies: &BTreeMap<String, Vec<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
    order: &mut Vec<String>,
) -> Result<(), OrderError> {
    if done.contains(name) {
        return Ok(());
    }
    if let Some(start) = path.iter().position(|earlier| earlier == name) {
        let mut cycle: Vec<String> = path.iter().skip(start).cloned().collect();
        cycle.push(name.to_owned());
        return Err(OrderError::Circular(cycle));
    }
    let Some(needed) = dependencies.get(name) else {
        return Err(OrderError::Missing {
            plugin: path.last().cloned().unwrap_or_default(),
            dependency: name.to_owned(),
        });
    };
    path.push(name.to_owned());
    for dependency in needed {
        visit(dependency, dependencies, path, done, order)?;
    }
    path.pop();
    done.insert(name.to_owned());
    order.push(name.to_owned());
    Ok(())
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
    fn circular_dependencies_are_refused_with_their_path_plug_1() {
        let error = load_order(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap_err();
        assert_eq!(error.to_string(), "depends on itself: b -> c -> b");
    }

    #[test]
    fn missing_dependency_is_named_plug_1() {
        let error = load_order(&graph(&[("a", &["x"])])).unwrap_err();
        assert_eq!(error.plugin(), "a");
        let problem = "depends on \"x\", which is not in the folder";
        assert_eq!(error.to_string(), problem);
    }

    proptest! {
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
