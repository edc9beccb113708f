//! gRPC servers of Go, and addresses given to `net.Listen`.

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::address::listener;
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "gRPC in Go",
    reader: Reader::Code(&[Language::Go], read),
};

const GRPC: &str = "google.golang.org/grpc";

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let grpc = code.imports.iter().any(|import| import.path == GRPC);
    for call in &code.calls {
        if grpc && call.is("grpc", "NewServer") {
            show(
                code,
                facts,
                call.node,
                Practice::ServerTimeouts,
                Verdict::Kept,
                "gRPC limits the handshake (`ConnectionTimeout`, default 120 s)",
            );
        } else if call.is("net", "Listen")
            && call
                .positional(0)
                .is_some_and(|network| code.text(network).contains("tcp"))
            && let Some(address) = call.positional(1)
        {
            facts.add(listener(code.string(address)), code.place(call.node));
        }
    }
}
