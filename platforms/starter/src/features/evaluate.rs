use seaworthy::flags::{Context, ErrorCode, Flags};

use super::Entry;
use crate::contract::feature::v1::{EvaluationContext, Strategy};

/// Evaluates a flag for a caller. Returns whether it is on, and the reason.
pub(crate) fn evaluate(
    flags: &Flags,
    flag: &str,
    caller: EvaluationContext,
) -> (bool, &'static str) {
    let context = context(caller);
    let (is_on, is_known) = is_on(flags, flag, &context);
    if !is_known {
        return (false, "unknown_flag");
    }
    let entry = Entry::new(flags.entry(flag).unwrap_or_default());
    let is_off = |name: &str| !self::is_on(flags, name, &context).0;
    let reason = match (entry.strategy(), is_on) {
        _ if !entry.is_enabled() => "feature_disabled",
        (_, false) if entry.requires().any(is_off) => "dependency_off",
        (_, true) if entry.is_composite() => "composite_match",
        (_, false) if entry.is_composite() => "composite_mismatch",
        (Strategy::Simple, true) => "simple_enabled",
        (Strategy::Simple, false) => "feature_disabled",
        (Strategy::Percentage, true) => "percentage_hit",
        (Strategy::Percentage, false) => "percentage_not_hit",
        (Strategy::User, true) => "user_allowed",
        (Strategy::User, false) => "user_not_allowed",
        (Strategy::Time, _) => "time_window",
        (Strategy::Environment, true) => "environment_match",
        (Strategy::Environment, false) => "environment_mismatch",
    };
    (is_on, reason)
}

/// Returns whether a flag is on, and whether it is known. A flag with variants is on if its variant
/// is not `false`.
fn is_on(flags: &Flags, flag: &str, context: &Context) -> (bool, bool) {
    flags.resolve(flag, context, |resolved| {
        let is_on = resolved
            .variant
            .is_some_and(|variant| *variant.value() != false);
        (is_on, resolved.error != Some(ErrorCode::FlagNotFound))
    })
}

fn context(caller: EvaluationContext) -> Context {
    let attributes = caller.attributes.into_iter();
    let context = attributes.fold(Context::new(), |context, (name, value)| {
        context.with(name, value)
    });
    let context = match caller.user_id.as_str() {
        "" => context,
        user => context.targeting_key(user),
    };
    let facts = [
        ("environment", caller.environment),
        ("version", caller.version),
    ];
    let context = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(context, |context, (name, value)| context.with(name, value));
    context.with("roles", vec![caller.user_type])
}
