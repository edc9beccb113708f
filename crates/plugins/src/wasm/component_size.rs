//! The size of a component, before its compilation. Its time and memory are not limited otherwise.

use super::binary::{
    CODE, COMPONENT, CORE_INSTANCES, CORE_MODULE, ELEMENTS, FUNCTIONS, HEADER, INSTANCES,
    is_component, number, section,
};

/// The maximum depth of modules and components in a component. The engine compiles those of any
/// depth, so [`ComponentSize::is_too_deep`] must reject deeper ones. Compilers need fewer than ten.
pub(super) const MAX_DEPTH: usize = 100;

/// The size of a component and of all modules and components in it. For invalid bytes, it is that
/// of the valid sections at the start. The engine rejects such a component.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ComponentSize {
    /// The functions of all modules.
    pub(super) functions: usize,
    /// The bytes of the largest function.
    pub(super) largest_function: usize,
    /// The bytes of the element segments of all modules.
    pub(super) elements: usize,
    /// Whether it has modules or components below [`MAX_DEPTH`], which are not counted.
    pub(super) is_too_deep: bool,
    /// The instances of components that the component itself creates.
    created: usize,
    /// The instances of components that the components in it create.
    nested: usize,
    /// The instances of modules that it and the components in it create.
    core: usize,
}

impl ComponentSize {
    /// Reads the size of a component.
    pub(super) fn of(component: &[u8]) -> Self {
        let mut size = Self::default();
        size.add(component, 0);
        size
    }

    /// Returns the maximum number of instances that a start of the component creates. The engine
    /// expands all of them in its compilation. If a component in it creates instances of others,
    /// this number is unknown, because it doubles with each level.
    pub(super) fn instances(&self) -> Option<usize> {
        let components = self.created.saturating_add(1);
        (self.nested == 0).then(|| components.saturating_mul(self.core.saturating_add(1)))
    }

    fn add(&mut self, bytes: &[u8], depth: usize) {
        let is_component = is_component(bytes);
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        while let Some((id, content, after)) = section(rest) {
            rest = after;
            let counted = match id {
                CORE_MODULE | COMPONENT if is_component && depth < MAX_DEPTH => {
                    self.add(content, depth + 1);
                    continue;
                }
                CORE_MODULE | COMPONENT if is_component => {
                    self.is_too_deep = true;
                    continue;
                }
                CODE if !is_component => {
                    self.largest_function = self.largest_function.max(largest(content));
                    continue;
                }
                ELEMENTS if !is_component => {
                    self.elements = self.elements.saturating_add(content.len());
                    continue;
                }
                FUNCTIONS if !is_component => &mut self.functions,
                CORE_INSTANCES if is_component => &mut self.core,
                INSTANCES if is_component && depth == 0 => &mut self.created,
                INSTANCES if is_component => &mut self.nested,
                _ => continue,
            };
            let count = number(content).map_or(0, |(count, _)| count);
            *counted = counted.saturating_add(count);
        }
    }
}

/// Returns the bytes of the largest function in a code section.
fn largest(code: &[u8]) -> usize {
    let (_, mut rest) = number(code).unwrap_or_default();
    let sizes = std::iter::from_fn(|| {
        let (size, after) = number(rest)?;
        rest = after.get(size..)?;
        Some(size)
    });
    sizes.max().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a module with one function in this number of components, one in the other. The text
    /// format does not permit as many levels as the binary format.
    pub(in crate::wasm) fn nested(levels: usize) -> Vec<u8> {
        let mut inner = wat::parse_str("(module (func))").unwrap();
        let mut section = CORE_MODULE;
        for _ in 0..levels {
            let mut outer = b"\0asm\x0d\0\x01\0".to_vec();
            // The length has two bytes in LEB128.
            let (high, low) = (inner.len() / 128, inner.len() % 128);
            let [high, low] = [high, low].map(|part| u8::try_from(part).unwrap());
            outer.extend([section, low | 0x80, high]);
            outer.extend(&inner);
            (inner, section) = (outer, COMPONENT);
        }
        inner
    }

    #[test]
    fn modules_below_the_maximum_depth_are_found_plug_2() {
        let deepest = ComponentSize::of(&nested(MAX_DEPTH));
        assert_eq!((deepest.functions, deepest.is_too_deep), (1, false));
        let deeper = ComponentSize::of(&nested(MAX_DEPTH + 1));
        assert_eq!((deeper.functions, deeper.is_too_deep), (0, true));
    }

    #[test]
    fn functions_of_nested_modules_are_counted_plug_2() {
        let text = r#"(component
            (core module (func) (func))
            (component (core module (func)) (component (core module (func) (func) (func)))))"#;
        let component = wat::parse_str(text).unwrap();
        let size = ComponentSize::of(&component);
        // An empty function has the number of its locals and its end.
        assert_eq!((size.functions, size.largest_function), (6, 2));
        for end in 0..component.len() {
            assert!(ComponentSize::of(component.get(..end).unwrap()).functions <= 6);
        }
    }

    #[test]
    fn created_instances_are_counted_plug_2() {
        let instances = |text: &str| ComponentSize::of(&wat::parse_str(text).unwrap()).instances();
        let once = r#"(component
            (component $c (core module $m) (core instance (instantiate $m)))
            (instance (instantiate $c)) (instance (instantiate $c)))"#;
        // Three components, and each of them has at most one module beside itself.
        assert_eq!(instances(once), Some(3 * 2));
        let nested = r#"(component
            (component $c (component $d) (instance (instantiate $d)))
            (instance (instantiate $c)))"#;
        assert_eq!(instances(nested), None);
    }
}
