//! Evaluations in the span of a request, by the OpenTelemetry semantic conventions.

use std::time::SystemTime;

use seaworthy_core::SpanEvent;
use serde_json::Value;

use crate::{
    context::{Scope, TARGETING_KEY},
    definition::{Definition, Resolved},
};

/// The provider, as in OpenFeature.
pub(crate) const PROVIDER: &str = "seaworthy";

/// Adds an evaluation to the span of the request, if the span is sampled.
#[inline]
pub(crate) fn add(
    key: &str,
    definition: Option<&Definition>,
    resolved: &Resolved<'_>,
    scope: &Scope<'_>,
) {
    let Some(request) = scope.request else { return };
    request.add_span_event(|| SpanEvent {
        name: "feature_flag.evaluation",
        at: SystemTime::now(),
        attributes: attributes(key, definition, resolved, scope),
    });
}

fn attributes(
    key: &str,
    definition: Option<&Definition>,
    resolved: &Resolved<'_>,
    scope: &Scope<'_>,
) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("feature_flag.key", key.to_owned()),
        ("feature_flag.provider.name", PROVIDER.to_owned()),
        (
            "feature_flag.result.reason",
            resolved.reason.as_str().to_lowercase(),
        ),
    ];
    let mut add = |name, value: Option<&str>| {
        attributes.extend(value.map(|value| (name, value.to_owned())));
    };
    let metadata = |name| definition?.metadata().get(name).and_then(Value::as_str);
    let variant = resolved.variant.map(crate::Variant::name);
    add("feature_flag.result.variant", variant);
    add("feature_flag.context.id", scope.text(TARGETING_KEY));
    add("feature_flag.set.id", metadata("flagSetId"));
    add("feature_flag.version", metadata("version"));
    let error = resolved.error.map(|error| error.as_str().to_lowercase());
    add("error.type", error.as_deref());
    attributes
}
