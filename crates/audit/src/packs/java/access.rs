//! The last access rule of Spring Security, which applies to routes without a rule.

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Spring Security",
    reader: Reader::Code(&[Language::Java, Language::Kotlin], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        if !call.receiver.ends_with("anyRequest()") && !call.receiver.ends_with("anyExchange()") {
            continue;
        }
        let (verdict, evidence) = match call.method {
            "permitAll" => (
                Verdict::Broken,
                "routes without a rule are public (`anyRequest().permitAll()`)",
            ),
            "authenticated" | "denyAll" | "fullyAuthenticated" | "hasRole" | "hasAuthority"
            | "hasAnyRole" | "hasAnyAuthority" => {
                (Verdict::Kept, "routes without a rule are closed")
            }
            _ => continue,
        };
        show(
            code,
            facts,
            call.node,
            Practice::OpenByDefault,
            verdict,
            evidence,
        );
    }
}
