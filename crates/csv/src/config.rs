use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Lifetime, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `max_size`: one million rows of 100 bytes.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::mebibytes(100);
/// The default of `max_rows`: the limit of common spreadsheets.
const DEFAULT_MAX_ROWS: NonZeroU64 = NonZeroU64::new(1_000_000).unwrap();
/// The default of `max_columns`. More columns are a sign of a wrong delimiter.
const DEFAULT_MAX_COLUMNS: NonZeroU32 = NonZeroU32::new(512).unwrap();
/// The default of `max_field_size`: fits a long description, not a field with a missing quote.
const DEFAULT_MAX_FIELD_SIZE: ByteSize = ByteSize::kibibytes(64);
/// The default of `max_row_size`: some long fields. It bounds the memory of a reader.
const DEFAULT_MAX_ROW_SIZE: ByteSize = ByteSize::mebibytes(1);
/// The default of `max_bad_rows`. With more bad rows, the user has chosen the wrong file.
const DEFAULT_MAX_BAD_ROWS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The default of `batch_size`. Ten columns make 5,000 values, which all engines accept.
const DEFAULT_BATCH_SIZE: NonZeroU32 = NonZeroU32::new(500).unwrap();
/// The default of `claim_ttl`: longer than the timeout of a transaction.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(30);
/// The default of `max_attempts`. The delay doubles, so they cover an outage of two minutes.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(7).unwrap();
/// The default of `pending_ttl`. A user may read the report on the next day.
const DEFAULT_PENDING_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The default of `retention`. Users may undo an import within a month.
const DEFAULT_RETENTION: Lifetime = Lifetime::from_days(30);
/// The default of `max_open_per_owner`. A user works on one file, and may have abandoned others.
const DEFAULT_MAX_OPEN: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Limits of a CSV file.
///
/// ```
/// use seaworthy_csv::CsvReaderConfig;
///
/// let config = CsvReaderConfig { max_rows: 10_000.try_into()?, ..CsvReaderConfig::default() };
/// # drop(config);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CsvReaderConfig {
    /// Maximum size of a file.
    pub max_size: ByteSize,
    /// Maximum number of rows, without the header.
    pub max_rows: NonZeroU64,
    /// Maximum number of columns.
    pub max_columns: NonZeroU32,
    /// Maximum size of a field.
    pub max_field_size: ByteSize,
    /// Maximum size of a row.
    pub max_row_size: ByteSize,
    /// Maximum number of bad rows. With more, the file is rejected.
    pub max_bad_rows: NonZeroU32,
}

impl Default for CsvReaderConfig {
    fn default() -> Self {
        Self {
            max_size: DEFAULT_MAX_SIZE,
            max_rows: DEFAULT_MAX_ROWS,
            max_columns: DEFAULT_MAX_COLUMNS,
            max_field_size: DEFAULT_MAX_FIELD_SIZE,
            max_row_size: DEFAULT_MAX_ROW_SIZE,
            max_bad_rows: DEFAULT_MAX_BAD_ROWS,
        }
    }
}

/// Settings of imports.
///
/// ```
/// use seaworthy_csv::ImportConfig;
///
/// let config = ImportConfig { batch_size: 200.try_into()?, ..ImportConfig::default() };
/// # drop(config);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImportConfig {
    /// Limits of a file.
    pub file: CsvReaderConfig,
    /// Maximum number of rows of one transaction.
    pub batch_size: NonZeroU32,
    /// How long a replica may work on an import without progress. Then another replica continues
    /// it.
    pub claim_ttl: Timeout,
    /// Maximum number of attempts without progress. Then the import fails.
    pub max_attempts: NonZeroU32,
    /// How long an import may be incomplete, or wait for its confirmation. Then it is canceled.
    pub pending_ttl: Timeout,
    /// How long ended imports and their reports stay visible.
    pub retention: Lifetime,
    /// Maximum number of imports of one owner that have not ended.
    pub max_open_per_owner: NonZeroU32,
}

impl Default for ImportConfig {
    fn default() -> Self {
        Self {
            file: CsvReaderConfig::default(),
            batch_size: DEFAULT_BATCH_SIZE,
            claim_ttl: DEFAULT_CLAIM_TTL,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            pending_ttl: DEFAULT_PENDING_TTL,
            retention: DEFAULT_RETENTION,
            max_open_per_owner: DEFAULT_MAX_OPEN,
        }
    }
}
