use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of courses, purchases, messages, logs and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "courses", "../../migrations/0001_courses"),
        migration!(2, "refunds", "../../migrations/0002_refunds"),
        migration!(3, "exams", "../../migrations/0003_exams"),
        migration!(4, "projects", "../../migrations/0004_projects"),
        migration!(5, "student_names", "../../migrations/0005_student_names"),
        migration!(6, "assignments", "../../migrations/0006_assignments"),
        migration!(7, "uploads", "../../migrations/0007_uploads"),
        migration!(8, "old_uploads", "../../migrations/0008_old_uploads"),
        migration!(9, "territories", "../../migrations/0009_territories"),
    ]),
];
