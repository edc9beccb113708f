//! The images of both programs, assembled and run without a container engine.

use std::path::Path;

use seaworthy_testkit::server::image::PackagedService;

const PROGRAMS: [(&str, PackagedService<'_>); 2] = [
    (
        env!("CARGO_BIN_EXE_symbols"),
        packaged(
            "SYMBOL_SERVICE",
            &["SERVER__HTTP__ADDR", "SERVER__GRPC__ADDR"],
        ),
    ),
    (
        env!("CARGO_BIN_EXE_symbols-worker"),
        packaged("SYMBOL_WORKER", &["SERVER__HTTP__ADDR"]),
    ),
];

const fn packaged(
    prefix: &'static str,
    listeners: &'static [&'static str],
) -> PackagedService<'static> {
    PackagedService {
        package: "symbols",
        prefix,
        settings: &[
            ("DATABASE__URL", "sqlite:/tmp/symbols.db"),
            ("DATABASE__MIGRATE_AT_START", "true"),
            ("BROKER__URL", "sqlite:/tmp/broker.db"),
        ],
        listeners,
    }
}

#[test]
fn images_serve_as_their_user_on_a_read_only_root_ship_1() {
    for (program, service) in PROGRAMS {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        service.assemble(Path::new(program), &image).unwrap();
        service.assert_serves(&image).unwrap();
    }
}
