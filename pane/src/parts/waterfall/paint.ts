// The bars: the only place where a time becomes a pixel.

import type { Row } from "../../model/forest";
import { serviceOf } from "../../model/services";
import type { Tick } from "../../model/ticks";
import { type Stretch, placeOf } from "../../model/zoom";
import type { Colours } from "./colours";

export interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  colours: Colours;
  tints: Map<string, number>;
}

const BAR_HEIGHT = 12;
const LEAST_WIDTH = 2;
const OVERVIEW_MARGIN = 4;
/** Beyond this a bar is not divided into own time and its children's: nobody could tell them apart. */
const MOST_CHILDREN = 400;

/** Fits a canvas to the pixels of the screen, and gives the sheet to draw on. */
export function sheetOf(canvas: HTMLCanvasElement, width: number, height: number, colours: Colours, tints: Map<string, number>): Sheet | null {
  const context = canvas.getContext("2d");
  if (!context || width <= 0 || height <= 0) return null;
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, colours, tints };
}

export function paintGrid(sheet: Sheet, ticks: Tick[], view: Stretch): void {
  const { context, width, height, colours } = sheet;
  context.fillStyle = colours.line;
  for (const tick of ticks) context.fillRect(Math.round(placeOf(view, tick.at) * width), 0, 1, height);
}

/** The rows of the window, the first of them at the top; `all` is every row, for what lies below one. */
export function paintRows(sheet: Sheet, rows: Row[], all: Row[], view: Stretch, rowHeight: number): void {
  rows.forEach((row, index) => {
    const top = index * rowHeight + (rowHeight - BAR_HEIGHT) / 2;
    paintRow(sheet, row, all, view, top);
  });
}

function paintRow(sheet: Sheet, row: Row, all: Row[], view: Stretch, top: number): void {
  const { context, width, colours } = sheet;
  const from = placeOf(view, row.from) * width;
  const to = placeOf(view, row.to) * width;
  if (to < 0 || from > width) return paintBeyond(sheet, to < 0, top);
  const left = Math.max(from, -4);
  const right = Math.min(Math.max(to, from + LEAST_WIDTH), width + 4);
  const tint = colours.tints[sheet.tints.get(serviceOf(row.span)) ?? 0] ?? colours.ink;
  if (row.span.synthetic) return paintSynthetic(sheet, left, right, top);
  context.fillStyle = tint;
  box(context, left, top, right - left, BAR_HEIGHT);
  context.fill();
  paintWaiting(sheet, row, all, view, top, [left, right]);
  if (row.span.status === "error") paintError(sheet, left, right, top);
}

/** Where children ran, the bar is paler: what stays full is the span's own time. */
function paintWaiting(sheet: Sheet, row: Row, all: Row[], view: Stretch, top: number, [left, right]: [number, number]): void {
  if (row.childCount === 0 || row.childCount > MOST_CHILDREN) return;
  const { context, width, colours } = sheet;
  context.save();
  context.globalAlpha = 0.58;
  context.fillStyle = colours.surface;
  let past = left;
  for (let index = row.index + 1; index < row.past; index = all[index]?.past ?? row.past) {
    const child = all[index];
    if (!child || child.span.synthetic) continue;
    const from = Math.max(placeOf(view, child.from) * width, past);
    const to = Math.min(placeOf(view, child.to) * width, right);
    if (to - from < 1) continue;
    context.fillRect(from, top + 1, to - from, BAR_HEIGHT - 2);
    past = to;
  }
  context.restore();
}

/** Made by Fanlight: an outline with stripes, so that it never looks like something that was sent. */
function paintSynthetic(sheet: Sheet, left: number, right: number, top: number): void {
  const { context, colours } = sheet;
  context.save();
  box(context, left + 0.5, top + 0.5, Math.max(right - left - 1, 1), BAR_HEIGHT - 1);
  context.strokeStyle = colours.faint;
  context.stroke();
  context.clip();
  context.beginPath();
  for (let x = Math.floor(left / 6) * 6 - BAR_HEIGHT; x < right; x += 6) {
    context.moveTo(x, top + BAR_HEIGHT);
    context.lineTo(x + BAR_HEIGHT, top);
  }
  context.globalAlpha = 0.6;
  context.stroke();
  context.restore();
}

/** Failed: a frame and a cross at its end; the row's text says it too. */
function paintError(sheet: Sheet, left: number, right: number, top: number): void {
  const { context, colours } = sheet;
  context.save();
  context.strokeStyle = colours.denied;
  context.lineWidth = 2;
  box(context, left + 1, top + 1, Math.max(right - left - 2, 1), BAR_HEIGHT - 2);
  context.stroke();
  context.restore();
}

/** Out of view: an arrow says on which side. */
function paintBeyond(sheet: Sheet, isLeft: boolean, top: number): void {
  const { context, width, colours } = sheet;
  const [tip, base] = isLeft ? [2, 7] : [width - 2, width - 7];
  const middle = top + BAR_HEIGHT / 2;
  context.fillStyle = colours.faint;
  context.beginPath();
  context.moveTo(tip, middle);
  context.lineTo(base, middle - 3);
  context.lineTo(base, middle + 3);
  context.fill();
}

/** Every row of the trace as a line, for the overview; what failed or matches lies on top. */
export function paintOverview(sheet: Sheet, all: Row[], length: number, marked: ReadonlySet<number>): void {
  const { context, width, height, colours, tints } = sheet;
  const step = Math.min(3, (height - 2 * OVERVIEW_MARGIN) / Math.max(all.length, 1));
  const thick = Math.max(Math.min(step - 0.5, 2), 0.75);
  const line = (row: Row, colour: string, least: number): void => {
    context.fillStyle = colour;
    const top = OVERVIEW_MARGIN + row.index * step;
    context.fillRect((row.from / length) * width, top, Math.max(((row.to - row.from) / length) * width, least), Math.max(thick, least));
  };
  context.globalAlpha = all.length > height * 2 ? 0.5 : 0.9;
  for (const row of all) line(row, colours.tints[tints.get(serviceOf(row.span)) ?? 0] ?? colours.ink, 1);
  context.globalAlpha = 1;
  for (const row of all) {
    if (row.span.status === "error") line(row, colours.denied, 2);
    else if (marked.has(row.index)) line(row, colours.ink, 2);
  }
}

function box(context: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
  context.beginPath();
  context.roundRect(left, top, width, height, Math.min(2.5, width / 2));
}
