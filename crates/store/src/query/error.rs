//! Why a query has no answer.

use std::time::Duration;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::catalogue::TABLES;
use super::suggest::closest;

/// Why a query has no answer. [`QueryError::code`] is stable; [`QueryError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It cannot be read as SQL.
    #[error("cannot read the query as SQL: {message}")]
    Syntax {
        /// The parser's words, with line and column.
        message: String,
    },
    /// There is no statement in it.
    #[error("there is no statement in the query")]
    Empty,
    /// There is more than one statement in it.
    #[error("there are {count} statements in the query")]
    SeveralStatements {
        /// How many.
        count: usize,
    },
    /// It would change something, or reach outside of the store.
    #[error("`{what}` is refused: queries only read")]
    NotReadOnly {
        /// The statement or step that is refused.
        what: String,
    },
    /// A function or a kind of step that is not on the list of those allowed.
    #[error("{what} is not allowed in a query")]
    NotAllowed {
        /// What it is.
        what: String,
    },
    /// No such table.
    #[error("there is no table `{name}`")]
    UnknownTable {
        /// As asked for.
        name: String,
    },
    /// A table of the contract that this version does not fill.
    #[error("`{name}` is not produced by this version")]
    NotProduced {
        /// The table.
        name: String,
    },
    /// No such column.
    #[error("there is no column `{name}`")]
    UnknownColumn {
        /// As asked for.
        name: String,
        /// The columns that could have stood there.
        known: Vec<String>,
    },
    /// It cannot be planned: types that do not fit, a column outside of `GROUP BY`, a function's arguments.
    #[error("cannot plan the query: {message}")]
    Invalid {
        /// The planner's words.
        message: String,
    },
    /// A value met on the way does not fit: a text that is no number, a division by zero.
    #[error("cannot compute the query: {message}")]
    Computation {
        /// The engine's words.
        message: String,
    },
    /// It is too long or too deeply built to be planned.
    #[error("the query has more than {limit} {what}")]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// The answer has too many rows.
    #[error("the answer has more than {limit} rows")]
    TooManyRows {
        /// How many are allowed.
        limit: usize,
    },
    /// The answer is too large.
    #[error("the answer has more than {limit} bytes")]
    AnswerTooLarge {
        /// How many are allowed.
        limit: usize,
    },
    /// It needed more memory than one query may have.
    #[error("the query needs more than its {limit} bytes of memory")]
    TooMuchMemory {
        /// How many are allowed.
        limit: usize,
    },
    /// It ran longer than one query may.
    #[error("the query ran longer than {limit:?}")]
    TookTooLong {
        /// How long is allowed.
        limit: Duration,
    },
    /// Whoever asked has left.
    #[error("the query was given up")]
    Cancelled,
    /// A part of the store could not be read.
    #[error("cannot read the store's parts")]
    Read {
        /// Why.
        #[source]
        cause: DataFusionError,
    },
    /// The system gave no thread to run it on.
    #[error("cannot start a thread for the query: {reason}")]
    NoThread {
        /// What the system said.
        reason: String,
    },
    /// The engine failed by itself; the server lives.
    #[error("the query engine failed: {reason}")]
    Engine {
        /// What it said, or that it panicked.
        reason: String,
    },
}

impl QueryError {
    /// A stable name, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "sql_syntax",
            Self::Empty => "sql_empty",
            Self::SeveralStatements { .. } => "sql_several_statements",
            Self::NotReadOnly { .. } => "sql_not_read_only",
            Self::NotAllowed { .. } => "sql_not_allowed",
            Self::UnknownTable { .. } => "sql_unknown_table",
            Self::NotProduced { .. } => "sql_not_produced",
            Self::UnknownColumn { .. } => "sql_unknown_column",
            Self::Invalid { .. } => "sql_invalid",
            Self::Computation { .. } => "sql_computation",
            Self::TooComplex { .. } => "sql_too_complex",
            Self::TooManyRows { .. } => "sql_too_many_rows",
            Self::AnswerTooLarge { .. } => "sql_answer_too_large",
            Self::TooMuchMemory { .. } => "sql_too_much_memory",
            Self::TookTooLong { .. } => "sql_took_too_long",
            Self::Cancelled => "sql_cancelled",
            Self::Read { .. } => "store_read_failed",
            Self::NoThread { .. } => "sql_no_thread",
            Self::Engine { .. } => "sql_engine_failed",
        }
    }

    /// True where another query would have been answered; false where the server is at fault.
    pub const fn is_askers_fault(&self) -> bool {
        !matches!(self, Self::Cancelled | Self::Read { .. } | Self::NoThread { .. } | Self::Engine { .. })
    }

    /// True where the query was fine and its budget was not enough.
    pub const fn is_over_budget(&self) -> bool {
        matches!(
            self,
            Self::TooComplex { .. }
                | Self::TooManyRows { .. }
                | Self::AnswerTooLarge { .. }
                | Self::TooMuchMemory { .. }
                | Self::TookTooLong { .. }
        )
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Syntax { .. } | Self::Empty => {
                "write one `select`, as in `select rung, count(*) from links group by rung`".to_owned()
            }
            Self::SeveralStatements { .. } => "send one statement a request".to_owned(),
            Self::NotReadOnly { .. } => "write a `select`; nothing here can be changed by SQL".to_owned(),
            Self::NotAllowed { .. } => {
                "use selects, joins, grouping, windows and the functions that neither reach outside nor blow up a value"
                    .to_owned()
            }
            Self::UnknownTable { name } => match closest(name, TABLES) {
                Some(close) => format!("did you mean `{close}`? known here: {}", listed(TABLES)),
                None => format!("known here: {}", listed(TABLES)),
            },
            Self::NotProduced { .. } => format!("produced here: {}", listed(TABLES)),
            Self::UnknownColumn { name, known } => match closest(name, known) {
                Some(close) => format!("did you mean `{close}`? known here: {}", listed(known)),
                None if known.is_empty() => "name a table in `from`".to_owned(),
                None => format!("known here: {}", listed(known)),
            },
            Self::Invalid { .. } => "`describe spans` shows a table's columns and their types".to_owned(),
            Self::Computation { .. } => "`try_cast(x as t)` gives null where a value does not fit".to_owned(),
            Self::TooComplex { .. } => "use `in (…)` for long lists of alternatives, or several queries".to_owned(),
            Self::TooManyRows { .. } => "add a `limit`, or group".to_owned(),
            Self::AnswerTooLarge { .. } => "select fewer columns, or add a `limit`".to_owned(),
            Self::TooMuchMemory { .. } | Self::TookTooLong { .. } => {
                "narrow it: a range of `start_time`, fewer columns, a `limit`, no join without a condition".to_owned()
            }
            Self::Cancelled | Self::NoThread { .. } => "ask again".to_owned(),
            Self::Read { .. } => "`fanlight store check` names what is damaged".to_owned(),
            Self::Engine { .. } => "this is a fault of ours: please report the query".to_owned(),
        }
    }

    /// What the engine says, told in our words. `memory_limit` is the budget that "resources exhausted" speaks of.
    pub(super) fn from_engine(error: DataFusionError, memory_limit: usize) -> Self {
        match error.find_root() {
            DataFusionError::SQL(cause, _) => {
                return Self::Syntax { message: first_line(&cause.to_string()) };
            }
            DataFusionError::SchemaError(cause, _) => return from_schema(cause),
            DataFusionError::Plan(text) if text.starts_with(NO_FUNCTION) => return no_function(text),
            DataFusionError::Plan(text)
            | DataFusionError::NotImplemented(text)
            | DataFusionError::Configuration(text) => return Self::Invalid { message: first_line(text) },
            DataFusionError::Execution(text) => return Self::Computation { message: first_line(text) },
            DataFusionError::ArrowError(cause, _) => {
                return Self::Computation { message: first_line(&cause.to_string()) };
            }
            DataFusionError::ResourcesExhausted(_) => return Self::TooMuchMemory { limit: memory_limit },
            DataFusionError::Internal(text) => return Self::Engine { reason: text.replace('\n', " ") },
            _ => {}
        }
        match error {
            DataFusionError::Collection(mut several) if !several.is_empty() => {
                Self::from_engine(several.swap_remove(0), memory_limit)
            }
            cause => Self::Read { cause },
        }
    }
}

fn from_schema(cause: &SchemaError) -> QueryError {
    match cause {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut known: Vec<String> = valid_fields.iter().map(|column| column.name.clone()).collect();
            known.sort();
            known.dedup();
            QueryError::UnknownColumn { name: field.name.clone(), known }
        }
        other => QueryError::Invalid { message: first_line(&other.to_string()) },
    }
}

/// How the engine begins when a function is not registered, with its name in quotes.
const NO_FUNCTION: &str = "Invalid function '";

fn no_function(text: &str) -> QueryError {
    let name = text.trim_start_matches(NO_FUNCTION).split('\'').next().unwrap_or_default();
    QueryError::NotAllowed { what: format!("the function `{name}`") }
}

/// The engine's messages go on with advice about its own settings, and with stack traces.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.trim_end_matches('.').to_owned()
}

fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
