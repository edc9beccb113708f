//! Annotations of Spring and Resilience4j that work through a proxy of the class.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::function_bodies::closing;
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;
use crate::syntax::count_word;

pub(super) const PACK: Pack = Pack {
    name: "proxies of Spring",
    reader: Reader::Text(read),
};

/// An annotated method of Java, up to the parenthesis of its parameters.
static ANNOTATED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(
        r"(?P<what>@(?:CircuitBreaker|Retry|Retryable|TimeLimiter|Bulkhead|RateLimiter|Cacheable|Async))\b(?P<arguments>\([^)\n]*\))?\s*(?:@\w+(?:\([^)\n]*\))?\s*)*(?P<access>public|protected|private)\s+(?:final\s+)?[\w<>\[\], .?]+?\s+(?P<name>\w+)\(",
    )
});
static FALLBACK: LazyLock<Option<Regex>> =
    LazyLock::new(|| ascii(r#"fallbackMethod\s*=\s*"(?P<name>\w+)""#));
/// The declaration of a method, up to the parenthesis of its parameters.
static DECLARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(
        r"(?m)^[ \t]+(?:(?:public|protected|private|static|final)\s+)*\w[\w<>\[\], .?]*?\s+(?P<name>\w+)\(",
    )
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let java = file.role == Role::Production && file.path.ends_with(".java");
    let (true, Some(annotated), Some(fallback)) = (java, ANNOTATED.as_ref(), FALLBACK.as_ref())
    else {
        return;
    };
    let text = &file.text;
    for captures in annotated.captures_iter(text) {
        let (Some(whole), Some(what), Some(name)) = (
            captures.get(0),
            captures.name("what"),
            captures.name("name"),
        ) else {
            continue;
        };
        // A sign reports all annotations of private methods.
        let private = captures
            .name("access")
            .is_some_and(|access| access.as_str() == "private");
        if !private && is_called_inside(text, name.as_str()) {
            let evidence = format!(
                "`{}` has no effect, because `{}` is called in its own class, where no proxy sees the call",
                what.as_str(),
                name.as_str()
            );
            show(facts, what.range(), evidence);
        }
        let wanted = captures
            .name("arguments")
            .and_then(|arguments| fallback.captures(arguments.as_str()))
            .and_then(|captures| captures.name("name"));
        let own = parameters(text, whole.end());
        if let (Some(wanted), Some(own)) = (wanted, own)
            && let Some(at) = wrong_fallback(text, wanted.as_str(), own)
        {
            let evidence = format!(
                "`{}` does not have the parameters of `{}`, so the fallback fails",
                wanted.as_str(),
                name.as_str()
            );
            show(facts, at, evidence);
        }
    }
}

fn show(facts: &mut FactSink<'_>, span: Range<usize>, evidence: String) {
    let observation = Observation {
        practice: Practice::DeadResilience,
        verdict: Verdict::Review,
        elsewhere: "",
        evidence,
    };
    facts.add(observation, span);
}

/// The declarations of a method, and where their parameters start.
fn declarations(text: &str, name: &str) -> Vec<(Range<usize>, usize)> {
    let found = DECLARED
        .as_ref()
        .into_iter()
        .flat_map(|declared| declared.captures_iter(text));
    found
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let own = captures.name("name").filter(|own| own.as_str() == name)?;
            let first = whole.as_str().split_whitespace().next()?;
            let statement = matches!(first, "return" | "throw" | "new" | "else" | "await");
            (!statement).then(|| (own.range(), whole.end()))
        })
        .collect()
}

/// Whether the class calls a method of its own without another object.
fn is_called_inside(text: &str, name: &str) -> bool {
    let call = format!("{name}(");
    let calls = text
        .match_indices(&call)
        .filter(|(at, _)| {
            let before = text.get(..*at).unwrap_or_default();
            let last = before.chars().next_back();
            before.ends_with("this.")
                || !last.is_some_and(|letter| letter.is_alphanumeric() || ".:_".contains(letter))
        })
        .count();
    let declared = declarations(text, name).len();
    calls > declared.max(1) && count_word(text, "interface") == 0
}

/// The number of parameters of a method that starts after a place.
fn parameters(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let inner = rest.get(..closing(rest)?)?;
    let mut depth = 0_usize;
    let mut count = usize::from(!inner.trim().is_empty());
    for letter in inner.chars() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => count += 1,
            _ => {}
        }
    }
    Some(count)
}

/// The fallback of a method with `wanted` parameters, if no method with the name has them and a
/// failure.
fn wrong_fallback(text: &str, name: &str, wanted: usize) -> Option<Range<usize>> {
    let methods: Vec<_> = declarations(text, name)
        .into_iter()
        .filter_map(|(at, start)| Some((at, parameters(text, start)?)))
        .collect();
    let fits = methods
        .iter()
        .any(|(_, count)| *count == wanted || *count == wanted + 1);
    let (at, _) = methods.into_iter().next()?;
    (!fits).then_some(at)
}

#[cfg(test)]
mod tests {
    use crate::model::facts::Observation;
    use crate::model::{FactSink, FactStore};
    use crate::repository::{Role, Tracked};
    use crate::source::SourceFile;

    fn found(text: &str) -> usize {
        let file = SourceFile::new("OrderService.java", text, Role::Production, Tracked::Yes);
        let mut store = FactStore::default();
        super::read(&file, &mut FactSink::new(&file, &mut store));
        store.of::<Observation>().items.len()
    }

    #[test]
    fn annotation_of_a_method_of_the_same_class_is_found() {
        let class = |call: &str| {
            format!(
                "class OrderService {{\n    public void place(Order order) {{\n        {call}(order);\n    }}\n\n    @Retry(name = \"pay\")\n    public void pay(Order order) {{\n        payments.pay(order);\n    }}\n}}\n"
            )
        };
        assert_eq!(found(&class("pay")), 1);
        assert_eq!(found(&class("payments.pay")), 0);
    }

    #[test]
    fn fallback_with_other_parameters_is_found() {
        let class = |parameters: &str| {
            format!(
                "class OrderService {{\n    @CircuitBreaker(name = \"pay\", fallbackMethod = \"failed\")\n    public void pay(Order order, Map<String, Long> prices) {{\n    }}\n\n    private void failed({parameters}) {{\n    }}\n}}\n"
            )
        };
        assert_eq!(found(&class("Throwable failure")), 1);
        assert_eq!(
            found(&class(
                "Order order, Map<String, Long> prices, Throwable failure"
            )),
            0
        );
    }
}
