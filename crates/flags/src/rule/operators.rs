use datalogic_rs::{
    ArenaExt as _, CustomOperator, DataValue, Engine, EvaluationConfig, Result, bumpalo::Bump,
    operator::EvalContext,
};

use super::{equality, fractional, semantic};
use crate::config::Bucketing;

/// Returns an engine with JsonLogic and the operators of flagd.
pub(crate) fn engine(bucketing: Bucketing) -> Engine {
    Engine::builder()
        // Values of different types are unequal, as in JsonLogic, and not an error.
        .with_config(EvaluationConfig::default().with_loose_equality_errors(false))
        .add_operator("fractional", Fractional(bucketing))
        .add_operator("sem_ver", SemVer)
        .add_operator("starts_with", Affix(|text, start| text.starts_with(start)))
        .add_operator("ends_with", Affix(|text, end| text.ends_with(end)))
        .add_operator(equality::EQUAL, Equality(true))
        .add_operator(equality::UNEQUAL, Equality(false))
        .build()
}

struct Fractional(Bucketing);
struct SemVer;
/// Whether equal values give true.
struct Equality(bool);
struct Affix(fn(&str, &str) -> bool);

impl CustomOperator for Fractional {
    fn evaluate<'a>(
        &self,
        arguments: &[&'a DataValue<'a>],
        context: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<&'a DataValue<'a>> {
        let chosen = fractional::evaluate(self.0, arguments, context.root_input());
        Ok(chosen.unwrap_or_else(|| arena.null()))
    }
}

impl CustomOperator for SemVer {
    fn evaluate<'a>(
        &self,
        arguments: &[&'a DataValue<'a>],
        _context: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<&'a DataValue<'a>> {
        let [left, operator, right] = arguments else {
            return Ok(arena.null());
        };
        let operator = operator.as_str().unwrap_or_default();
        let matches = semantic::compare(left, operator, right);
        Ok(matches.map_or_else(|| arena.null(), |matches| arena.bool(matches)))
    }
}

impl CustomOperator for Equality {
    fn evaluate<'a>(
        &self,
        arguments: &[&'a DataValue<'a>],
        _context: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<&'a DataValue<'a>> {
        Ok(match arguments {
            [left, right] => arena.bool(equality::is_equal(left, right) == self.0),
            _ => arena.null(),
        })
    }
}

impl CustomOperator for Affix {
    fn evaluate<'a>(
        &self,
        arguments: &[&'a DataValue<'a>],
        _context: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<&'a DataValue<'a>> {
        Ok(match arguments {
            [DataValue::String(text), DataValue::String(affix)] => {
                arena.bool((self.0)(text, affix))
            }
            _ => arena.null(),
        })
    }
}
