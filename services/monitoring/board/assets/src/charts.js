// The interactive chart of an investment plan, drawn from its table: the same numbers, tokens and notation.
import { BarChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

// Canvas, because the SVG renderer writes style attributes, which our content security policy refuses.
use([BarChart, GridComponent, CanvasRenderer]);

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--krds-${name}`).trim();
const text = (cell) => cell.textContent.trim();
const won = (cell) => Number(cell.querySelector("data")?.value ?? 0);

function rows(table) {
  return [...table.querySelectorAll("tbody tr[data-funder]")].map((row) => ({
    name: text(row.querySelector("th")),
    color: token(`chart-fund-${row.dataset.funder}`),
    values: [...row.querySelectorAll("[data-period]")].map(won),
  }));
}

function options(table) {
  const label = { color: token("color-text-subtle"), fontFamily: token("font-family"), fontSize: 13 };
  const line = { lineStyle: { color: token("color-divider-basic") } };
  return {
    animation: false,
    grid: { left: 0, right: 0, top: 8, bottom: 24 },
    xAxis: { type: "category", data: [...table.querySelectorAll("thead [data-period]")].map(text), axisLabel: label, axisLine: line, axisTick: { show: false } },
    yAxis: { type: "value", axisLabel: { show: false }, splitLine: { ...line, lineStyle: { ...line.lineStyle, opacity: 0.4 } } },
    series: rows(table).map(({ name, color, values }) => ({
      name, type: "bar", stack: "plan", barMaxWidth: 56, data: values,
      itemStyle: { color, borderColor: token("color-surface-page"), borderWidth: 1 },
    })),
  };
}

export function draw() {
  for (const place of document.querySelectorAll("[data-plot]")) {
    const table = document.getElementById(place.dataset.plot);
    const chart = place.ieumChart ?? (place.ieumChart = init(place));
    chart.setOption(options(table), { notMerge: true });
  }
}

document.addEventListener("ieum:view", draw);
window.addEventListener("resize", () => {
  for (const place of document.querySelectorAll("[data-plot]")) place.ieumChart?.resize();
});
