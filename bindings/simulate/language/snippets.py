"""What people paste: code, logs and tables. Rules marked raw are exempt from casing and typing errors."""

RULES = """
code: [code_part] | [code_part] | [code_part]⏎[code_part] | [code_part]⏎[code_part]⏎⏎[code_part]
code_part: [python_code] | [python_code] | [sql_code] | [shell_code] | [json_code] | [javascript_code]
!python_code: ```python⏎[python_body]⏎``` | [python_body] | ```⏎[python_body]⏎[python_body]⏎```
!python_body: def [identifier]([identifier], [identifier]=[number]):⏎[python_line][python_line]    return
  [identifier] | class [type_name]:⏎    def __init__(self, [identifier]):⏎        self.[identifier] =
  [identifier]⏎[python_line] | for [identifier] in
  [identifier]:⏎[python_line][python_line]print([identifier]⟦[digit]⟧) | import [identifier]⏎⏎[identifier]
  = [identifier].[identifier]("[file_path]")⏎print(len([identifier]))
!python_line: ␣   [identifier] = [identifier].[identifier]([number])⏎ | ␣   if [identifier] >
  [number]:⏎        continue⏎ | ␣   [identifier].append([identifier])⏎ | ␣   with open("[file_path]") as
  [identifier]:⏎        [identifier].read()⏎ | ␣   assert [identifier] is not None⏎ | ␣   [identifier] =
  {[identifier]: [number] for [identifier] in [identifier]}⏎
!sql_code: SELECT [identifier], count(*) FROM [identifier] WHERE [identifier] > [number] GROUP BY
  [identifier]; | select t.[identifier], u.[identifier]⏎from [identifier] t join [identifier] u on t.id =
  u.[identifier]_id⏎order by [digit] desc limit [number]; | UPDATE [identifier] SET [identifier] =
  [number] WHERE [identifier] IN ([number], [number]); | CREATE TABLE [identifier] (⏎  id bigint primary
  key,⏎  [identifier] text not null,⏎  [identifier] numeric⏎);
!shell_code: $ [shell_line] | $ [shell_line]⏎$ [shell_line]⏎bash: [identifier]: command not found |
  ```⏎[shell_line]⏎```
!shell_line: grep -rn "[identifier]" [file_path] ¦ sort ¦ uniq -c | find [file_path] -mtime +[digit]
  -delete | docker run --rm -p [number]:[number] [identifier]:[digit].[digit] | rsync -av [file_path]
  [identifier]:[file_path] | for f in *.[identifier]; do mv "$f" [file_path]; done | git log --oneline
  -[number] -- [file_path]
!json_code: {"[identifier]": [number], "[identifier]": "[identifier]", "[identifier]": ⟦[number],
  [number]⟧} | {⏎  "[identifier]": {⏎    "[identifier]": true,⏎    "[identifier]":
  [number]⏎  },⏎  "[identifier]": "[file_path]"⏎}
!javascript_code: const [identifier] = async ([identifier]) => {⏎  const [identifier] = await
  fetch("[file_path]");⏎  return [identifier].[identifier];⏎}; | function [identifier]([identifier])
  {⏎  if (![identifier]) return null;⏎  return [identifier].map((x) => x.[identifier] * [number]);⏎} |
  const ⟦[identifier], set⟧ = useState([number]);
!log_lines: [log_line]⏎[log_line]⏎[log_line] |
  [log_line]⏎[log_line]⏎[log_line]⏎[log_line]⏎[log_line]⏎[log_line] | Traceback (most recent call
  last):⏎  File "[file_path]", line [number], in [identifier]⏎    [identifier]([identifier])⏎
  [type_name]Error: [identifier] is not [identifier] | [log_line]
!log_line: [year]-0[digit]-1[digit]T1[digit]:2[digit]:3[digit]Z [log_level] ⟦[identifier]⟧ [log_message] |
  [log_level]: [log_message] (pid [number]) | [log_level] [identifier].[identifier]:[number] -
  [log_message]
!log_level: INFO | WARN | ERROR | DEBUG | FATAL
!log_message: connection to [identifier]:[number] refused | request [hex_id] took [number] ms |
  [identifier] not found | retrying [identifier] in [digit] s | user [hex_id] denied on [file_path] | out
  of memory after [number] MB | job [hex_id] finished with code [digit] | cache miss for [identifier] |
  deprecated option [identifier] ignored
!table: [table_head][table_row][table_row][table_row][table_row] |
  [csv_row][csv_row][csv_row][csv_row][csv_row][csv_row]
!table_head: ¦ [identifier] ¦ [identifier] ¦ [identifier] ¦⏎¦---¦---¦---¦⏎
!table_row: ¦ [proper_name] ¦ [number] ¦ [number] ¦⏎ | ¦ [first_name] ¦ [number] ¦ [digit].[digit] ¦⏎
!csv_row: [proper_name],[number],[number],[digit].[digit]⏎ | [first_name],[last_name],[number],[number]⏎
"""
