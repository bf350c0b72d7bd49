//! The figures that the benches have written, read from lines of JSON.
//!
//! A line holds one figure, or the version of one library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// The length of the measured message in bytes; of several messages, the mean.
    pub(crate) bytes: Option<f64>,
}

/// The figures of several whole runs of all benches.
///
/// A ratio compares what one run has measured. Its value is the median over the runs.
#[derive(Debug)]
pub(crate) struct Runs {
    all: Vec<Figures>,
}

impl Runs {
    /// Reads every folder of a folder, each with the figures of one run.
    pub(crate) fn read(folder: &Path) -> std::io::Result<Self> {
        let folders = children(folder)?.into_iter().filter(|path| path.is_dir());
        let all: Vec<_> = folders.map(|path| Figures::read(&path)).collect::<Result<_, _>>()?;
        if all.is_empty() {
            return Err(std::io::Error::other(format!("no run in {}", folder.display())));
        }
        Ok(Self { all })
    }

    /// Returns the number of runs.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Returns the first run, for names and their order.
    pub(crate) fn first(&self) -> &Figures {
        &self.all[0]
    }

    /// Returns the median and the range of a value over the runs that have it.
    ///
    /// `None` if no run has it.
    pub(crate) fn spread(&self, value: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
        let mut values: Vec<f64> = self.all.iter().filter_map(value).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Spread { least, median, most })
    }
}

/// The median of a value over several runs, and its range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Formats the median, with the range if it is wider than a tenth.
    pub(crate) fn show(&self, shown: impl Fn(f64) -> String) -> String {
        let Self { least, median, most } = *self;
        if least * 1.1 < most {
            format!("{} ({} to {})", shown(median), shown(least), shown(most))
        } else {
            shown(median)
        }
    }
}

/// The figures of one run, in the order of the files and of their lines.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
    pub(crate) versions: BTreeMap<String, String>,
}

impl Figures {
    /// Reads every file of a folder that ends in `.jsonl`.
    fn read(folder: &Path) -> std::io::Result<Self> {
        let mut figures = Self::default();
        let is_figures = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl");
        for file in children(folder)?.into_iter().filter(is_figures) {
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

    /// Returns the value in a row of a table, in the column that is named `column`.
    pub(crate) fn at(&self, table: &str, row: &str, column: &str) -> Option<f64> {
        Some(self.find(table, row, column)?.value)
    }

    /// Returns the unit of the value in the column `column`; `None` for nanoseconds.
    pub(crate) fn unit(&self, table: &str, row: &str, column: &str) -> Option<&str> {
        self.find(table, row, column)?.unit.as_deref()
    }

    fn find(&self, table: &str, row: &str, column: &str) -> Option<&Figure> {
        self.all
            .iter()
            .find(|figure| figure.table == table && figure.row == row && figure.column == column)
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

/// Returns the paths of a folder's entries, sorted by name.
fn children(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
