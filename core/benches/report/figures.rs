//! The figures that the benches have written, read from lines of JSON.
//!
//! A line holds one figure, or the version of one library.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// A measured value, with its table, its row and its column.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) table: String,
    pub(crate) row: String,
    pub(crate) column: String,
    /// The value in nanoseconds, or in the unit `unit`.
    pub(crate) value: f64,
    pub(crate) unit: Option<String>,
    /// The length of the measured message in bytes; of several, the mean.
    pub(crate) bytes: Option<f64>,
}

/// All figures of a run, in the order of the files and of their lines.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
    pub(crate) versions: BTreeMap<String, String>,
    /// The figures of the previous run.
    pub(crate) before: Option<Box<Figures>>,
}

impl Figures {
    /// Reads every file of a folder that ends in `.jsonl`.
    ///
    /// The inner folder `before` holds the figures of the previous run, if there was one.
    pub(crate) fn read(folder: &Path) -> std::io::Result<Self> {
        let before = folder.join("before");
        let mut figures = Self::default();
        if before.is_dir() {
            figures.before = Some(Box::new(Self::read(&before)?));
        }
        let mut files: Vec<_> =
            std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        for file in files {
            for line in std::fs::read_to_string(file)?.lines() {
                figures.add(&serde_json::from_str(line)?);
            }
        }
        Ok(figures)
    }

    fn add(&mut self, line: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(version) = line.get("version") {
            self.versions.insert(text(&version["name"]), text(&version["version"]));
            return;
        }
        let Some(value) = line.get("ns").or(line.get("value")).and_then(Value::as_f64) else {
            return;
        };
        self.all.push(Figure {
            table: text(&line["table"]),
            row: text(&line["row"]),
            column: text(&line["column"]),
            value,
            unit: line.get("unit").map(text),
            bytes: line["bytes"].as_f64(),
        });
    }

    /// Returns the names of a table's rows, in the order of their first figures.
    pub(crate) fn rows(&self, table: &str) -> Vec<&str> {
        let mut rows: Vec<&str> = Vec::new();
        for figure in self.all.iter().filter(|figure| figure.table == table) {
            if !rows.contains(&figure.row.as_str()) {
                rows.push(&figure.row);
            }
        }
        rows
    }

    /// Returns the lowest figure among the columns that begin with a peer's name.
    ///
    /// Each build of a peer has a column. `suffix` selects a variant of the task; an empty one
    /// selects all but `, with meaning`.
    pub(crate) fn best(&self, table: &str, row: &str, peer: &str, suffix: &str) -> Option<&Figure> {
        let is_of = |figure: &&Figure| {
            let plain = |column: &str| column.strip_suffix(", with meaning").is_none();
            figure.table == table
                && figure.row == row
                && figure
                    .column
                    .strip_prefix(peer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
                && (if suffix.is_empty() {
                    plain(&figure.column)
                } else {
                    figure.column.ends_with(suffix)
                })
        };
        self.all.iter().filter(is_of).min_by(|one, other| one.value.total_cmp(&other.value))
    }

    /// Returns the value in a column of exactly the name `column`.
    pub(crate) fn at(&self, table: &str, row: &str, column: &str) -> Option<f64> {
        let is_it = |figure: &&Figure| {
            figure.table == table && figure.row == row && figure.column == column
        };
        self.all.iter().find(is_it).map(|figure| figure.value)
    }

    /// Returns the value of the same figure in the previous run.
    pub(crate) fn earlier(&self, figure: &Figure) -> Option<f64> {
        self.before.as_ref()?.at(&figure.table, &figure.row, &figure.column)
    }

    /// Returns the ratio of the peer's best time to this library's time.
    pub(crate) fn ratio(&self, table: &str, row: &str, peer: &str, suffix: &str) -> Option<f64> {
        Some(self.best(table, row, peer, suffix)?.value / self.at(table, row, "switchover")?)
    }

    /// Returns the geometric mean of the ratios over all rows that the peer has.
    pub(crate) fn mean(&self, table: &str, peer: &str, suffix: &str) -> Option<f64> {
        let ratios: Vec<f64> = self
            .rows(table)
            .iter()
            .filter_map(|row| self.ratio(table, row, peer, suffix))
            .map(f64::ln)
            .collect();
        (!ratios.is_empty()).then(|| (ratios.iter().sum::<f64>() / ratios.len() as f64).exp())
    }
}
