//! The chart of the heads: other parsers' best times as ratios to this library's.

use std::path::Path;

use plotters::prelude::*;

use crate::PEERS;
use crate::figures::Runs;

const COLOURS: [RGBColor; 3] =
    [RGBColor(0x9a, 0x9a, 0x9a), RGBColor(0xd8, 0x8c, 0x3a), RGBColor(0x6b, 0x9e, 0x5a)];
const OURS: RGBColor = RGBColor(0x1f, 0x77, 0xb4);

/// Draws the ratios of the peers' times to this library's, as bars for each head.
///
/// Ratios make a head of 37 bytes comparable with one of 8,000. The line at 1 is this library.
pub(crate) fn draw(runs: &Runs, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows = runs.first().rows("heads");
    let ratio = |row: &str, name: &str| {
        runs.spread(|run| run.ratio("heads", row, name, "")).map(|ratio| ratio.median)
    };
    let highest = rows
        .iter()
        .flat_map(|row| PEERS.iter().filter_map(|name| ratio(row, name)))
        .fold(1.0, f64::max);
    let root = SVGBackend::new(path, (880, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let width = (PEERS.len() + 1) as f64;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "A head: how many times as long as ours the peer takes for its syntax",
            ("sans-serif", 18),
        )
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..rows.len() as f64 * width, 0.0..highest * 1.05)?;
    chart.configure_mesh().disable_x_mesh().y_desc("times as long").x_labels(0).draw()?;
    for (index, name) in PEERS.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let bars = rows.iter().enumerate().filter_map(|(place, row)| {
            let left = place as f64 * width + index as f64 + 0.5;
            Some(Rectangle::new([(left, 0.0), (left + 0.9, ratio(row, name)?)], colour.filled()))
        });
        chart
            .draw_series(bars)?
            .label(*name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    let one = [(0.0, 1.0), (rows.len() as f64 * width, 1.0)];
    chart
        .draw_series(LineSeries::new(one, OURS.stroke_width(2)))?
        .label("switchover")
        .legend(|(x, y)| Rectangle::new([(x, y - 1), (x + 12, y + 1)], OURS.filled()));
    for (at, row) in rows.iter().enumerate() {
        let middle = chart.backend_coord(&(at as f64 * width + width / 2.0, 0.0));
        root.draw(&Text::new((*row).to_owned(), (middle.0 - 6, middle.1 + 8), ("sans-serif", 15)))?;
    }
    chart
        .configure_series_labels()
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    root.present()?;
    Ok(())
}
