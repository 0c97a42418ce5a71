// The form above a record. What is chosen goes into the address at once; what is written, when one pauses.
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSlash } from "../ui/slash";
import { read, some, write, type Words } from "./query";

export interface Filtered<F extends string> {
	asked: Words<F>;
	set: (field: F, value: string) => void;
	clear: () => void;
}

// useFilter reads what is asked for from the address, and changes it there.
export function useFilter<F extends string>(fields: readonly F[]): Filtered<F> {
	const { query, path, route } = useLocation();
	const asked = read(query, fields);
	const latest = useRef(asked);
	latest.current = asked;
	return {
		asked,
		set: (field, value) => route(write(path, { ...latest.current, [field]: value.trim() }, fields), true),
		clear: () => route(path, true),
	};
}

export function Filter<F extends string>({ of, filter, children }: { of: string; filter: Filtered<F>; children: ComponentChildren }) {
	const form = useRef<HTMLFormElement>(null);
	const [folded, fold] = useState(true);
	useSlash(form);
	return (
		<form class={folded ? "filter card folded" : "filter card"} role="search" aria-label={`Filter of the ${of}`} ref={form} onSubmit={(e) => e.preventDefault()}>
			{children}
			<button type="button" class="folds" aria-expanded={!folded} onClick={() => fold(!folded)}>
				{folded ? "More filters" : "Fewer filters"}
			</button>
			<button type="button" disabled={!some(filter.asked)} onClick={filter.clear}>
				Clear
			</button>
		</form>
	);
}

interface ChoiceProps {
	label: string;
	value: string;
	options: readonly (readonly [value: string, name: string])[];
	any: string;
	onValue: (v: string) => void;
}

export function Choice({ label, value, options, any, onValue }: ChoiceProps) {
	return (
		<label>
			{label}
			<select value={value} onChange={(e) => onValue(e.currentTarget.value)}>
				<option value="">{any}</option>
				{value !== "" && !options.some(([o]) => o === value) && <option value={value}>{value}</option>}
				{options.map(([o, name]) => (
					<option value={o}>{name}</option>
				))}
			</select>
		</label>
	);
}

interface WrittenProps {
	label: string;
	value: string;
	hint?: string;
	among?: string[]; // what may be meant
	onValue: (v: string) => void;
}

const pause = 400; // milliseconds

export function Written({ label, value, hint, among = [], onValue }: WrittenProps) {
	const [text, setText] = useState(value);
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	useEffect(() => {
		if (text.trim() !== value) setText(value);
	}, [value]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const settle = (v: string) => {
		clearTimeout(timer.current);
		if (v.trim() !== value) onValue(v);
	};
	const list = among.length > 0 ? "among-" + label.toLowerCase().replace(/\W+/g, "-") : undefined;
	return (
		<label>
			{label}
			<input
				type="text"
				value={text}
				placeholder={hint}
				list={list}
				maxLength={200}
				autocomplete="off"
				spellcheck={false}
				onInput={(e) => {
					const v = e.currentTarget.value;
					setText(v);
					clearTimeout(timer.current);
					timer.current = setTimeout(() => settle(v), pause);
				}}
				onBlur={(e) => settle(e.currentTarget.value)}
				onKeyDown={(e) => e.key === "Enter" && settle(e.currentTarget.value)}
			/>
			{list && (
				<datalist id={list}>
					{among.slice(0, 200).map((v) => (
						<option value={v} />
					))}
				</datalist>
			)}
		</label>
	);
}
